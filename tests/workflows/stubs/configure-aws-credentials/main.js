"use strict";
const { fail, input, mask, note, only, set } = require(process.env.EVERGREEN_STUBS_TOOLKIT);

only("role-to-assume", "aws-region");
if (!/^arn:aws:iam::\d{12}:role\/./.test(input("role-to-assume"))) fail("role-to-assume: is no ARN of a role");
if (!input("aws-region")) fail("aws-region: is missing");
mask(process.env.EVERGREEN_STUBS_AWS_SECRET);
set("AWS_ACCESS_KEY_ID", process.env.EVERGREEN_STUBS_AWS_KEY);
set("AWS_SECRET_ACCESS_KEY", process.env.EVERGREEN_STUBS_AWS_SECRET);
note("configure-aws-credentials", { role: input("role-to-assume"), region: input("aws-region") });

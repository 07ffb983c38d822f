"use strict";
const { fail, input, mask, note, only, output } = require(process.env.EVERGREEN_STUBS_TOOLKIT);

const scopes = ["contents", "pull-requests", "issues", "statuses"];
only("client-id", "private-key", "owner", "repositories", ...scopes.map((scope) => `permission-${scope}`));
if (!input("client-id") || !input("private-key")) fail("client-id and private-key go together");
const asked = Object.fromEntries(scopes.map((scope) => [scope, input(`permission-${scope}`)]).filter(([, level]) => level));
mask(process.env.EVERGREEN_STUBS_APP_TOKEN);
output("token", process.env.EVERGREEN_STUBS_APP_TOKEN);
note("create-github-app-token", { asked, owner: input("owner"), repositories: input("repositories") });

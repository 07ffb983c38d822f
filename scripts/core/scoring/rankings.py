"""Metrics of the ranking of predictions, as functions of block weights: ROC AUC and average precision."""

from itertools import pairwise

import numpy as np

from scripts.core.scoring.truth import Bools, Floats, Statistic, Truth, ratio

CELLS = 200_000  # resamples x rows held at once: they should fit the cache


def roc_auc(truth: Truth, predictions: Floats) -> Statistic:
    return _area(truth, truth.hits, predictions[:, truth.positive_number])


def roc_auc_ovr(truth: Truth, predictions: Floats) -> Statistic:
    """Mean over the classes that a (re)sample has; scikit-learn gives no value when one is absent."""
    present = np.unique(truth.target)
    curves = [_area(truth, truth.target == number, predictions[:, number]) for number in present]

    def value(weights: Floats) -> Floats:
        areas = np.array([curve(weights) for curve in curves])
        defined = np.isfinite(areas)
        return ratio(np.where(defined, areas, 0).sum(axis=0), defined.sum(axis=0).astype(float))

    return value


def _area(truth: Truth, hits: Bools, scores: Floats) -> Statistic:
    """The area as the share of won pairs (Mann and Whitney 1947): a quadratic form of the weights."""
    wins = _wins(truth, hits, scores)
    positives, negatives = truth.sums(hits), truth.sums(~hits)
    return lambda weights: ratio(
        np.einsum("rg,rg->r", weights @ wins, weights), (weights @ positives) * (weights @ negatives)
    )


def _wins(truth: Truth, hits: Bools, scores: Floats) -> Floats:
    """(blocks, blocks): how often a hit of one block scores above a miss of another; a tie is half a win."""
    levels, level = np.unique(scores, return_inverse=True)
    hit_blocks, hit_levels = truth.blocks[hits], level[hits]
    wins = np.zeros((truth.count, truth.count))
    misses = np.flatnonzero(~hits)
    in_order = misses[np.argsort(truth.blocks[misses], kind="stable")]
    ends = np.cumsum(truth.sums(~hits)).astype(int)
    for block, rows in enumerate(np.split(in_order, ends[:-1])):
        equal = np.bincount(level[rows], minlength=len(levels))
        below = np.cumsum(equal) - equal / 2
        wins[:, block] = np.bincount(hit_blocks, below[hit_levels], truth.count)
    return wins


def average_precision(truth: Truth, predictions: Floats) -> Statistic:
    """Mean precision at the scores of positive rows; rows between two of these count from the lower on."""
    from scipy.sparse import csr_matrix

    hits = truth.hits
    level = np.unique(-predictions[:, truth.positive_number], return_inverse=True)[1]
    ranks = np.unique(level[hits])
    place = np.searchsorted(ranks, level)
    shape = (len(ranks) + 1, truth.count)
    seen = csr_matrix((np.ones(len(place)), (place, truth.blocks)), shape)
    found = csr_matrix((np.ones(hits.sum()), (place[hits], truth.blocks[hits])), shape)

    def value(weights: Floats) -> Floats:
        drawn = np.ascontiguousarray(weights.T)
        total, seen_yet, found_yet = np.zeros((3, len(weights)))
        for start in range(0, len(ranks), step := max(1, CELLS // len(weights))):
            part = slice(start, min(start + step, len(ranks)))
            gained, among = found[part] @ drawn, seen[part] @ drawn
            upto = gained.copy()
            found_yet, seen_yet = _add_up(upto, found_yet), _add_up(among, seen_yet)
            among[among == 0] = 1  # nothing is found there either
            total += (gained * upto / among).sum(axis=0)
        return ratio(total, found_yet)

    return value


def _add_up(steps: Floats, before: Floats) -> Floats:
    """Running sums down the first axis, in place; the last of them. Four times as fast as numpy's cumsum."""
    steps[0] += before
    for above, step in pairwise(steps):
        step += above
    last: Floats = steps[-1].copy()
    return last

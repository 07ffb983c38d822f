"""What becomes of pull requests when branches move: merged, closed, merged by themselves once checks have succeeded."""

from tests.github_server.answers import refused
from tests.github_server.issues import set_state
from tests.github_server.state import ACTIONS, HUMAN, Issue, Pull, State


def settle(state: State) -> None:
    """Bring every open pull request in line with the branches: to be called whenever a ref or a status has changed."""
    for issue in list(state.issues.values()):
        if issue.pull is not None and issue.state == "open":
            _settled(state, issue, issue.pull)


def _settled(state: State, issue: Issue, pull: Pull) -> None:
    head, base = state.bare.branch(pull.head), state.bare.branch(pull.base)
    if head is None or base is None:
        set_state(state, issue, "closed", HUMAN)
        return
    if (head, base) != (pull.head_sha, pull.base_sha):
        contained = state.bare.holds(base, head)
        landed = contained and head == pull.head_sha  # its commits came onto the base by a push
        pull.head_sha, pull.base_sha, issue.updated = head, base, state.now()
        if landed:
            _mark(state, issue, pull, base, HUMAN)
        elif contained:
            set_state(state, issue, "closed", HUMAN)
    if issue.state == "open" and pull.auto_merge and not missing_checks(state, pull):
        merged(state, issue, pull.auto_merge, pull.auto_merge_by)


def missing_checks(state: State, pull: Pull) -> list[str]:
    good = {status.context for status in state.combined(pull.head_sha) if status.state == "success"}
    return [context for context in state.settings.required_checks if context not in good]


def merged(state: State, issue: Issue, method: str, actor: str, title: str | None = None, text: str = "") -> str:
    """Merge a pull request for real; the new commit on the base."""
    pull = issue.pull
    assert pull is not None
    if issue.state != "open" or pull.draft:
        raise refused(405, "Pull Request is not mergeable")
    if missing := missing_checks(state, pull):
        raise refused(405, f'Required status check "{missing[0]}" is expected.')
    base, head = state.bare.branch(pull.base), state.bare.branch(pull.head)
    assert base is not None and head is not None
    tree = state.bare.tree_of_merge(base, head)
    if tree is None:
        raise refused(405, "Pull Request is not mergeable")
    if method == "squash":
        message = f"{title or f'{issue.title} (#{issue.number})'}\n\n{text}"
        commit = state.bare.built(tree, (base,), message, actor)
    else:
        words = f"Merge pull request #{issue.number} from {state.repository.split('/')[0]}/{pull.head}"
        message = f"{title or words}\n\n{text or issue.title}"
        commit = state.bare.built(tree, (base, head), message, actor)
    state.bare.set(f"refs/heads/{pull.base}", commit, base)
    pull.head_sha = head
    _mark(state, issue, pull, commit, actor)
    settle(state)
    return commit


def _mark(state: State, issue: Issue, pull: Pull, commit: str, actor: str) -> None:
    pull.merged_at, pull.merged_by, pull.merge_commit = state.now(), actor, commit
    pull.base_sha = state.bare.branch(pull.base) or pull.base_sha
    set_state(state, issue, "closed", actor)


def forbidden_to_actions(state: State, actor: str) -> bool:
    return actor == ACTIONS and not state.settings.allow_actions_prs

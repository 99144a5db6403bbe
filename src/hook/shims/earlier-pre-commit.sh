# pre-commit has moved this file away, and runs its own hook by itself.
[ -z "${PRE_COMMIT_RUNNING_LEGACY-}" ] || earlier=

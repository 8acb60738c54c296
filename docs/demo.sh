# What `make demo` runs: the main job, on the embedded sandbox. Nothing leaves this machine.
set -eu

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; "$@"; }

octoplan sandbox reset >/dev/null
say octoplan plan
say octoplan apply --auto-approve
say octoplan plan
printf '\nno changes: everybody has had their message, once.\n'
printf 'Look at what was sent: octoplan sandbox inbox, or octoplan sandbox serve (in .venv/bin).\n'

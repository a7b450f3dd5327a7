#!/bin/sh
# pages.sh BIN OUT: the manual pages and completions, as the programs print them.
set -eu
bin=$1
out=$2
rm -rf "$out"
mkdir -p "$out/man/man1" "$out/man/man8"
"$bin/truss" man | gzip -9n >"$out/man/man1/truss.1.gz"
"$bin/truss" --help | sed -n 's/^  \([a-z-]*\) .*/\1/p' | while read -r command; do
    "$bin/truss" man "$command" | gzip -9n >"$out/man/man1/truss-$command.1.gz"
done
for program in truss-worker truss-bridge; do
    "$bin/$program" --man | gzip -9n >"$out/man/man8/$program.8.gz"
done
for shell in bash zsh fish; do
    "$bin/truss" completion "$shell" >"$out/truss.$shell"
done
touch "$out/done"

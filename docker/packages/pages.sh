#!/bin/sh
# pages.sh BIN OUT: the manual pages and completions, as the programs print them, and the pages of help.
set -eu
bin=$1
out=$2
rm -rf "$out"
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out/man/man1" "$out/man/man7" "$out/man/man8"
"$bin/truss" man | gzip -9n >"$out/man/man1/truss.1.gz"
"$bin/truss" --help | sed -n 's/^  \([a-z-]\{1,\}\) .*/\1/p' | while read -r command; do
    "$bin/truss" man "$command" | gzip -9n >"$out/man/man1/truss-$command.1.gz"
done
for program in truss-worker truss-bridge; do
    "$bin/$program" --man | gzip -9n >"$out/man/man8/$program.8.gz"
done
sed -n 's/^  \([a-z]*\) \([^ )]*\).*/\1 \2/p' "$here/../../src/bridge/panel/help.cmake" | while read -r name file; do
    awk -v name="$name" -f "$here/page.awk" "$here/../../$file" | gzip -9n >"$out/man/man7/truss-$name.7.gz"
done
for shell in bash zsh fish; do
    "$bin/truss" completion "$shell" >"$out/truss.$shell"
done
touch "$out/done"

# awk -v name=adopt -f page.awk FILE.md: a page of help as a manual page, truss-adopt(7). What the Markdown of our pages uses is read:
# headings, paragraphs, lists, tables, code, and in a line code, bold, emphasis of a word and links.

BEGIN { SHARED = 110 } # a row of a table that is no longer stands on one line

# inline(TEXT): fonts for code, bold and emphasis; a link to another file is its words, one to a site has its address behind them.
function inline(text,    at, words, target) {
    gsub(/\\/, "\\e", text)
    gsub(/\*\*/, "\001", text)
    while (match(text, /!?\[[^]]*\]\([^) ]*\)/)) {
        at = substr(text, RSTART, RLENGTH)
        words = at
        sub(/^!?\[/, "", words)
        sub(/\]\(.*/, "", words)
        target = at
        sub(/.*\]\(/, "", target)
        sub(/\)$/, "", target)
        text = substr(text, 1, RSTART - 1) words (target ~ /^https?:/ ? " <" target ">" : "") substr(text, RSTART + RLENGTH)
    }
    text = fonts(text, "`", "\\fB")
    text = fonts(text, "\001", "\\fB")
    while (match(text, /\*[A-Za-z]+\*/))
        text = substr(text, 1, RSTART - 1) "\\fI" substr(text, RSTART + 1, RLENGTH - 2) "\\fR" substr(text, RSTART + RLENGTH)
    gsub(/-/, "\\-", text)
    sub(/^[.']/, "\\\\\\&&", text)
    return text
}

# fonts(TEXT, MARK, FONT): every second piece between marks in the font.
function fonts(text, mark, font,    pieces, count, i, made) {
    count = split(text, pieces, mark)
    made = pieces[1]
    for (i = 2; i <= count; i++)
        made = made (i % 2 == 0 ? font : "\\fR") pieces[i]
    return made
}

# row(LINE): a line of a table; the first filled cell is what it is about. Of more than three columns each cell is called by its
# head, because they do not stand below it; short ones share a line.
function row(line, isHead,    cells, count, i, first, isWide, separator) {
    gsub(/\\\|/, "\002", line)
    sub(/^\| */, "", line)
    sub(/ *\|$/, "", line)
    count = split(line, cells, / *\| */)
    isWide = count > 3
    if (isHead)
        split(isWide ? line : "", heads, / *\| */)
    if (isHead && isWide)
        return
    separator = isWide && length(line) < SHARED ? ";" : ""
    print ".TP"
    for (i = 1; i <= count; i++) {
        gsub(/\002/, "|", cells[i])
        if (cells[i] == "")
            continue
        if (first == "") {
            print inline(first = cells[i])
        } else {
            print inline((isWide && heads[i] != "" ? heads[i] ": " : "") cells[i]) (i < count ? separator : "")
            if (i < count && separator == "")
                print ".br"
        }
    }
}

/^<!--/ { isComment = 1 }
isComment { if (/-->/) isComment = 0; next }
/^```/ { isCode = !isCode; print isCode ? ".PP\n.nf\n.RS" : ".RE\n.fi"; next }
isCode { gsub(/\\/, "\\e"); gsub(/-/, "\\-"); sub(/^[.']/, "\\\\\\&&"); print; next }
/^# / {
    printf ".TH TRUSS-%s 7 \"\" \"Truss\" \"Truss\"\n.SH NAME\ntruss-%s \\- %s\n.SH DESCRIPTION\n", toupper(name), name, inline(substr($0, 3))
    next
}
/^## / { print ".SH " inline(substr($0, 4)); next }
/^###+ / { sub(/^#+ /, ""); print ".SS " inline($0); next }
/^\|[ |:-]*-[ |:-]*$/ { next }
/^\|/ {
    if (isTable || /[^| ]/) row($0, !isTable) # a head may be empty
    isTable = 1
    next
}
{ isTable = 0 }
/^$/ { print ".PP"; next }
/^(- |[0-9]+\. )/ { sub(/^(- |[0-9]+\. )/, ""); print ".IP \\(bu 3\n" inline($0); next }
{ sub(/^ +/, ""); print inline($0) }

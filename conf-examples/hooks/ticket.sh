#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A ticket for what needs a human, closed when it no longer does:
# kskroll follow --blocked --exec /usr/local/lib/kskroll/ticket.sh
# TICKET is the command of your system. Here it takes: open KEY TEXT, which may come again for the same key, and close KEY.
set -eu
event=$(cat)

# A member of the event that is a text. JSON of kskroll is one line of ASCII, and a quote in a text has a backslash
# before it, so this finds the whole text, whatever a zone is called.
text() {
	printf '%s\n' "$event" | sed -nE 's/.*"'"$1"'":"(([^"\\]|\\.)*)".*/\1/p' | sed -E 's/\\(["\\])/\1/g'
}
key="kskroll:$(text zone)$(text name | sed 's|^|/|')"

case $event in
*'"needs_human":true'*) exec "$TICKET" open "$key" "$(text summary)" ;;
*) exec "$TICKET" close "$key" ;;
esac

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Opens a ticket when a zone or delegation needs a human, and closes it when that has ended.
# Run it by kskroll follow --blocked --exec /usr/local/lib/kskroll/ticket.sh.
# TICKET is the command of your ticket system. This file runs it as "open KEY TEXT" and "close KEY". The same KEY can be
# opened more than once.
set -eu
event=$(cat)

# Prints a member of the event that is a text. The event is one line of ASCII, and each quote in a text has a backslash
# before it. So this finds the whole text, whatever the name of a zone is.
text() {
	printf '%s\n' "$event" | sed -nE 's/.*"'"$1"'":"(([^"\\]|\\.)*)".*/\1/p' | sed -E 's/\\(["\\])/\1/g'
}
key="kskroll:$(text zone)$(text name | sed 's|^|/|')"

case $event in
*'"needs_human":true'*) exec "$TICKET" open "$key" "$(text summary)" ;;
*) exec "$TICKET" close "$key" ;;
esac

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Sends a mail for each event: kskroll follow --blocked --exec /usr/local/lib/kskroll/mail.sh
# MAILTO is the recipient. If sendmail ends with 75 it may succeed later, and the same event comes again.
set -eu
: "${MAILTO:?}"
event=$(cat)

# Prints a member of the event that is a text. The event is one line of ASCII, and each quote in a text has a backslash
# before it. So this finds the whole text, whatever the name of a zone is.
text() {
	printf '%s\n' "$event" | sed -nE 's/.*"'"$1"'":"(([^"\\]|\\.)*)".*/\1/p' | sed -E 's/\\(["\\])/\1/g'
}
zone=$(text zone) name=$(text name) summary=$(text summary)

{
	printf 'To: %s\nSubject: %.200s\nAuto-Submitted: auto-generated\n\n' "$MAILTO" "kskroll: $summary"
	printf '%s\n\n' "$summary"
	# All that is known, with the commands to run. The zone may have left the server meanwhile.
	if [ -n "$name" ]; then
		kskroll delegation -- "$name" || :
	else
		kskroll status -- "$zone" || :
	fi
} 2>&1 | sendmail -t

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A mail for each event: kskroll follow --blocked --exec /usr/local/lib/kskroll/mail.sh
# MAILTO is who gets it. sendmail answers 75 where it may succeed later: then the same event comes again.
set -eu
: "${MAILTO:?}"
event=$(cat)

# A member of the event that is a text. JSON of kskroll is one line of ASCII, and a quote in a text has a backslash
# before it, so this finds the whole text, whatever a zone is called.
text() {
	printf '%s\n' "$event" | sed -nE 's/.*"'"$1"'":"(([^"\\]|\\.)*)".*/\1/p' | sed -E 's/\\(["\\])/\1/g'
}
zone=$(text zone) name=$(text name) summary=$(text summary)

{
	printf 'To: %s\nSubject: %.200s\nAuto-Submitted: auto-generated\n\n' "$MAILTO" "kskroll: $summary"
	printf '%s\n\n' "$summary"
	# Everything about it, with the commands that help. A zone may be gone meanwhile.
	if [ -n "$name" ]; then
		kskroll delegation -- "$name" || :
	else
		kskroll status -- "$zone" || :
	fi
} 2>&1 | sendmail -t

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Writes a line into a chat for each event: kskroll follow --exec /usr/local/lib/kskroll/chat.sh
# WEBHOOK is the address that takes {"text": "..."}: Mattermost, Slack, Rocket.Chat and others. Everybody who has the
# address can post. It is therefore not on a command line, where all users could read it.
set -eu
: "${WEBHOOK:?}"
event=$(cat)

# The text with its quotes, as it is in JSON. It goes into other JSON unchanged. The event is one line of ASCII, and each
# quote in a text has a backslash before it.
summary=$(printf '%s\n' "$event" | sed -nE 's/.*"summary":("([^"\\]|\\.)*").*/\1/p')

status=$(printf 'url = "%s"\n' "$WEBHOOK" | curl --silent --show-error --max-time 30 --output /dev/null --config - \
	--write-out '%{http_code}' --header 'Content-Type: application/json' --data "{\"text\":$summary}") || :
case $status in
2??) ;;
408 | 429 | 5?? | 000 | '') exit 75 ;; # Not reached, or too busy: the event comes again after a minute.
*) echo "chat.sh: $status" >&2; exit 1 ;; # The server refuses it, and would do so again.
esac

# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for kskroll(1)

_kskroll_options()
{
	local settings='--ksk-lifetime --ttl --lead --observe --settle --parent-delay --transfer-delay
		--base-ttl --ds-ttl'

	echo '--help --version --json'
	case $1 in
	status)   echo "--db --blocked --names --watch --prometheus --after $settings" ;;
	plan)     echo "--db --svg --html --algorithm --rsa-size $settings" ;;
	history)  echo '--db --limit' ;;
	audit)    echo '--db --after --all --zones' ;;
	calendar) echo "--db --weeks --ics $settings" ;;
	report)   echo '--db --after --output' ;;
	follow)   echo '--db --blocked --after --exec --state' ;;
	policies) echo '--conf --ttl' ;;
	gates)    echo '--delegations --rst' ;;
	check-skr) echo '--zone --ds --ds-ttl --all' ;;
	dsync)    echo '--target --port' ;;
	delegations) echo '--db --blocked --names --after --all' ;;
	delegation) echo '--db --after --mail' ;;
	epp)      echo '--accounts --domain' ;;
	esac
}

# Names are data, not words to be expanded: no compgen -W.
_kskroll_zones()
{
	local zone
	while IFS= read -r zone; do
		if [[ $zone == "${cur,,}"* ]]; then
			COMPREPLY+=("$(printf '%q' "$zone")")
		fi
	done < <(kskroll status --names "${db[@]}" 2>/dev/null)
}

_kskroll_delegations()
{
	local name
	while IFS= read -r name; do
		if [[ $name == "${cur,,}"* ]]; then
			COMPREPLY+=("$(printf '%q' "$name")")
		fi
	done < <(kskroll delegations --names "${db[@]}" 2>/dev/null)
}

_kskroll()
{
	local cur=${COMP_WORDS[COMP_CWORD]} before= command= i
	local -a words=() db=()

	# "--db=PATH" arrives as three words.
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == = ]] || words+=("${COMP_WORDS[i]}")
	done
	[[ $cur != = ]] || cur=
	for ((i = 0; i < ${#words[@]}; i++)); do
		before=${words[i]}
		case $before in
		--db) ((i++)); db=(--db "${words[i]}") ;;
		--output | --exec | --state | --target | --port | --accounts | --domain | --zone | --ds | --svg | --html | --conf | -c | --zones | --after | --limit | --weeks | --algorithm | --rsa-size | --*-delay | --*ttl | --lead | --observe | \
		--settle | --ksk-lifetime) ((i++)) ;;
		-*) before= ;;
		*) before=; [[ -n $command ]] || command=${words[i]} ;;
		esac
		# An option that has its argument already.
		((i >= ${#words[@]})) || before=
	done

	COMPREPLY=()
	case $before in
	--db | --svg | --html | --conf | -c | --zones | --accounts | --output | --exec | --state)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		return ;;
	--zone)
		_kskroll_zones
		return ;;
	-*)
		return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_kskroll_options "$command")" -- "$cur")
	elif [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'status plan history follow audit calendar report policies gates check-skr dsync delegations delegation epp' -- "$cur")
	elif [[ $command == plan ]]; then
		_kskroll_zones
		_kskroll_delegations
	elif [[ $command == @(status|history|audit|calendar|dsync|delegations) ]]; then
		_kskroll_zones
	elif [[ $command == epp && ${words[-1]} == epp ]]; then
		mapfile -t COMPREPLY < <(compgen -W check -- "$cur")
	elif [[ $command == delegation ]]; then
		_kskroll_delegations
	elif [[ $command == @(check-skr|report) ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
	fi
}

complete -F _kskroll kskroll

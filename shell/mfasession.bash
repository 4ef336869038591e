# mfasession in bash 3.2 and later. In ~/.bashrc:  eval "$(mfasession shell init bash)"
#
# mfa [NAME]   log in, to profile NAME, and set the session's credentials in this shell; takes the flags of
#              `mfasession env`, too: mfa --region eu-west-1
# mfa off      take them back
# mfa status   list the sessions; also mfa ?
#
# $MFASESSION_PS shows the profile of this shell's session (not `default`) and how long it is valid; put it where you
# like:
#   PS1='${MFASESSION_PS}'$PS1
# No program is started at the prompt, until the session is in its last 15 minutes. Then a newer one, of a login in
# another shell, is taken over. Commands, flags, profiles and the command behind -- complete with Tab.

MFASESSION_PS=
__mfasession_shown_for=none __mfasession_from=0 __mfasession_until=0

# The text stays for as long as its minute lasts.
__mfasession_hook() {
  local status=$?
  if [[ "${MFASESSION_EXPIRES-} ${MFASESSION_HOLDS-}" != "$__mfasession_shown_for" ]] ||
    ((${EPOCHSECONDS:-0} >= __mfasession_until || ${EPOCHSECONDS:-0} < __mfasession_from)); then
    __mfasession_show
  fi
  return $status
}

__mfasession_show() {
  local now=${EPOCHSECONDS-} left lasts=60 name
  MFASESSION_PS=
  __mfasession_name
  [[ -n $now ]] || __mfasession_clock
  case ${MFASESSION_EXPIRES-} in
    '' | *[!0-9]*) ;;
    *)
      left=$((10#$MFASESSION_EXPIRES - now))
      if ((left < 900)); then
        __mfasession_refresh
        left=$((10#$MFASESSION_EXPIRES - now)) lasts=5
      fi
      if ((left <= 0)); then
        MFASESSION_PS="[mfa ${name}expired] "
      else
        printf -v MFASESSION_PS '[mfa %s%d:%02d] ' "$name" $((left / 3600)) $((left % 3600 / 60))
        if ((left % 60 < lasts)); then lasts=$((left % 60 + (left >= 60))); fi
      fi
      ;;
  esac
  __mfasession_shown_for="${MFASESSION_EXPIRES-} ${MFASESSION_HOLDS-}"
  __mfasession_from=$now __mfasession_until=$((now + lasts))
}

# The profile of the session, except default: it is behind the first blank of MFASESSION_HOLDS, which `env` has set.
__mfasession_name() {
  name=${MFASESSION_HOLDS-}
  case ${name%% *} in
    */role) name="role of ${name#* }" ;;
    *) name=${name#* } ;;
  esac
  case $name in
    '' | default | *[![:print:]]*) name= ;;
    *) name="$name " ;;
  esac
}

# bash before 5.0: its own clock from 4.2 on, else the seconds that the shell counts since it was started.
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 402)); then
  __mfasession_clock() { printf -v now '%(%s)T' -1; }
else
  __mfasession_started=$(($(date +%s) - SECONDS))
  __mfasession_clock() { now=$((__mfasession_started + SECONDS)); }
fi

# Looks for a newer session in the store, at most every five seconds (bash 5). It asks for nothing.
__mfasession_refresh() {
  local lines
  lines=$(command mfasession shell refresh bash 2>/dev/null </dev/null) || return 0
  eval "$lines"
}

__mfasession_mfa() {
  case " $* " in
    *' --help '* | *' -h '* | *' --version '*)
      command mfasession env "$@"
      return
      ;;
  esac
  # `mfa ?` comes here as the names of one character in this folder, if there are any.
  if [[ ${1-} == '?' ]] || [[ ${1-} == ? && -e $1 ]]; then
    while [[ ${1-} == ? ]]; do shift; done
    set -- status "$@"
  fi
  case ${1-} in
    off)
      shift
      set -- --unset "$@"
      ;;
    status)
      shift
      command mfasession status "$@"
      return
      ;;
    '' | -*) ;;
    *) set -- -p "$@" ;;
  esac
  eval "$(command mfasession env --shell bash "$@")"
}

# Whatever else has the name keeps it.
if ! type mfa >/dev/null 2>&1; then
  function mfa { __mfasession_mfa "$@"; }
fi

# PROMPT_COMMAND may be a list (bash 5.1) or a text; ours comes first, where $? is still the command's own.
if [[ "$(declare -p PROMPT_COMMAND 2>/dev/null)" == 'declare -a'* ]]; then
  if [[ " ${PROMPT_COMMAND[*]-} " != *' __mfasession_hook '* ]]; then
    PROMPT_COMMAND=(__mfasession_hook ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"})
  fi
elif [[ ${PROMPT_COMMAND-} != *__mfasession_hook* ]]; then
  PROMPT_COMMAND="__mfasession_hook${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
fi

__mfasession_complete() {
  local word=${COMP_WORDS[COMP_CWORD]} place found
  local -a words
  COMPREPLY=()
  if [[ $1 == mfasession ]]; then
    for ((place = 1; place < COMP_CWORD; place++)); do
      [[ ${COMP_WORDS[place]} == -- ]] || continue
      if ((place + 1 == COMP_CWORD)); then
        COMPREPLY=($(compgen -c -- "$word"))
      elif declare -F _command_offset >/dev/null; then
        _command_offset $((place + 1))
      fi
      return
    done
    words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  elif ((COMP_CWORD == 1)) && [[ $word != -* ]]; then
    words=(env -p "$word")
    COMPREPLY=($(compgen -W 'off status' -- "$word"))
  else
    words=(env "${COMP_WORDS[@]:1:COMP_CWORD}")
  fi
  while IFS= read -r found; do
    printf -v found %q "$found"
    COMPREPLY+=("$found")
  done < <(command mfasession shell complete -- "${words[@]}" 2>/dev/null)
}
# Where nothing is offered, names of files are.
complete -o bashdefault -o default -F __mfasession_complete mfasession
if [[ "$(declare -f mfa)" == *__mfasession_mfa* ]]; then complete -F __mfasession_complete mfa; fi

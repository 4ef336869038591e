# mfasession in zsh. In ~/.zshrc, behind compinit:  eval "$(mfasession shell init zsh)"
#
# mfa [NAME]   log in, to profile NAME, and set the session's credentials in this shell; takes the flags of
#              `mfasession env`, too: mfa --region eu-west-1
# mfa off      take them back
# mfa ?        list the sessions; also mfa status
#
# $MFASESSION_PS shows the profile of this shell's session (not `default`) and how long it is valid; put it where you
# like:
#   setopt prompt_subst; PS1='${MFASESSION_PS}'$PS1
# No program is started at the prompt, until the session is in its last 15 minutes. Then a newer one, of a login in
# another shell, is taken over. Commands, flags, profiles and the command behind -- complete with Tab.

zmodload zsh/datetime
autoload -Uz add-zsh-hook
typeset -g MFASESSION_PS=
typeset -g __mfasession_shown_for=none
typeset -gi __mfasession_from=0 __mfasession_until=0

# The text stays for as long as its minute lasts.
__mfasession_hook() {
  local exit_status=$?
  if [[ "${MFASESSION_EXPIRES-} ${MFASESSION_HOLDS-}" != $__mfasession_shown_for ]] ||
    ((EPOCHSECONDS >= __mfasession_until || EPOCHSECONDS < __mfasession_from)); then
    __mfasession_show
  fi
  return $exit_status
}
add-zsh-hook precmd __mfasession_hook

__mfasession_show() {
  local left now=$EPOCHSECONDS lasts=60 name
  MFASESSION_PS=
  __mfasession_name
  if [[ ${MFASESSION_EXPIRES-} == <-> ]]; then
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
  fi
  __mfasession_shown_for="${MFASESSION_EXPIRES-} ${MFASESSION_HOLDS-}"
  __mfasession_from=$now __mfasession_until=$((now + lasts))
}

# The profile of the session, except default: it is behind the first blank of MFASESSION_HOLDS, which `env` has set.
__mfasession_name() {
  name=${MFASESSION_HOLDS-}
  case ${name%% *} in
    (*/role) name="role of ${name#* }" ;;
    (*) name=${name#* } ;;
  esac
  case $name in
    ('' | default | *[^[:print:]]*) name= ;;
    # A prompt expands what is behind a %.
    (*) name="${name//\%/%%} " ;;
  esac
}

# Looks for a newer session in the store, at most every five seconds. It asks for nothing.
__mfasession_refresh() {
  local lines
  lines=$(command mfasession shell refresh zsh 2>/dev/null </dev/null) || return 0
  eval "$lines"
}

__mfasession_mfa() {
  case " $* " in
    (*' --help '* | *' -h '* | *' --version '*)
      command mfasession env "$@"
      return
      ;;
  esac
  case ${1-} in
    (off)
      shift
      set -- --unset "$@"
      ;;
    ('?' | status)
      shift
      command mfasession status "$@"
      return
      ;;
    ('' | -*) ;;
    (*) set -- -p "$@" ;;
  esac
  eval "$(command mfasession env --shell zsh "$@")"
}

# Whatever else has the name keeps it. The alias is for `mfa ?`.
if ! whence mfa >/dev/null; then
  alias mfa='noglob __mfasession_mfa'
fi

__mfasession_complete() {
  local -a found
  if [[ $service == mfasession ]]; then
    local place=${words[(i)--]}
    if ((place < CURRENT)); then
      shift $place words
      ((CURRENT -= place))
      _normal
      return
    fi
    found=("${(@f)$(command mfasession shell complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -z $found && $words[CURRENT] != -* ]]; then
      _files
      return
    fi
  elif ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
    found=(off status "${(@f)$(command mfasession shell complete -- env -p "$words[2]" 2>/dev/null)}")
  else
    found=("${(@f)$(command mfasession shell complete -- env "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  fi
  compadd -- ${found:#}
}
if (($+functions[compdef])); then compdef __mfasession_complete mfasession __mfasession_mfa; fi

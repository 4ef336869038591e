# mfasession in zsh. In ~/.zshrc, behind compinit:  eval "$(mfasession shell init zsh)"
#
# mfa          log in and set the session's credentials in this shell; takes the flags of `mfasession env`: mfa -p prod
# mfa off      take them back
# mfa ?        list the sessions; also mfa status
#
# $MFASESSION_PS says how long the session in this shell's environment lives; put it where you like:
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
  if [[ ${MFASESSION_EXPIRES-} != $__mfasession_shown_for ]] ||
    ((EPOCHSECONDS >= __mfasession_until || EPOCHSECONDS < __mfasession_from)); then
    __mfasession_show
  fi
  return $exit_status
}
add-zsh-hook precmd __mfasession_hook

__mfasession_show() {
  local left now=$EPOCHSECONDS lasts=60
  MFASESSION_PS=
  if [[ ${MFASESSION_EXPIRES-} == <-> ]]; then
    left=$((10#$MFASESSION_EXPIRES - now))
    if ((left < 900)); then
      __mfasession_refresh
      left=$((10#$MFASESSION_EXPIRES - now)) lasts=5
    fi
    if ((left <= 0)); then
      MFASESSION_PS='[mfa expired] '
    else
      printf -v MFASESSION_PS '[mfa %d:%02d] ' $((left / 3600)) $((left % 3600 / 60))
      if ((left % 60 < lasts)); then lasts=$((left % 60 + (left >= 60))); fi
    fi
  fi
  __mfasession_shown_for=${MFASESSION_EXPIRES-} __mfasession_from=$now __mfasession_until=$((now + lasts))
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
  else
    found=("${(@f)$(command mfasession shell complete -- env "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if ((CURRENT == 2)); then found+=(off status); fi
  fi
  compadd -- ${found:#}
}
if (($+functions[compdef])); then compdef __mfasession_complete mfasession __mfasession_mfa; fi

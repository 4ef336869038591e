# mfasession in zsh. In ~/.zshrc, behind compinit:  eval "$(mfasession shell init zsh)"
#
# $MFASESSION_PS says how long the session in this shell's environment lives; put it where you like:
#   setopt prompt_subst; PS1='${MFASESSION_PS}'$PS1
# Words, profiles and the command behind -- complete with Tab. No program is started at the prompt.

zmodload zsh/datetime
autoload -Uz add-zsh-hook
typeset -g MFASESSION_PS=

__mfasession_hook() {
  local exit_status=$? left
  MFASESSION_PS=
  if [[ ${MFASESSION_EXPIRES-} == <-> ]]; then
    left=$((MFASESSION_EXPIRES - EPOCHSECONDS))
    if ((left <= 0)); then
      MFASESSION_PS='[mfa expired] '
    else
      printf -v MFASESSION_PS '[mfa %d:%02d] ' $((left / 3600)) $((left % 3600 / 60))
    fi
  fi
  return $exit_status
}
add-zsh-hook precmd __mfasession_hook

__mfasession_complete() {
  local place=${words[(i)--]}
  if ((place < CURRENT)); then
    shift $place words
    ((CURRENT -= place))
    _normal
    return
  fi
  local -a found
  found=("${(@f)$(mfasession shell complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- ${found:#}
}
(($+functions[compdef])) && compdef __mfasession_complete mfasession

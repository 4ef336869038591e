# mfasession in bash. In ~/.bashrc:  eval "$(mfasession shell init bash)"
#
# $MFASESSION_PS says how long the session in this shell's environment lives; put it where you like:
#   PS1='${MFASESSION_PS}'$PS1
# Words, profiles and the command behind -- complete with Tab. No program is started at the prompt (bash 5).

MFASESSION_PS=

__mfasession_hook() {
  local status=$? left
  MFASESSION_PS=
  if [[ ${MFASESSION_EXPIRES-} =~ ^[0-9]+$ ]]; then
    left=$((MFASESSION_EXPIRES - ${EPOCHSECONDS:-$(date +%s)}))
    if ((left <= 0)); then
      MFASESSION_PS='[mfa expired] '
    else
      printf -v MFASESSION_PS '[mfa %d:%02d] ' $((left / 3600)) $((left % 3600 / 60))
    fi
  fi
  return $status
}

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
  COMPREPLY=()
  for ((place = 1; place < COMP_CWORD; place++)); do
    [[ ${COMP_WORDS[place]} == -- ]] || continue
    if ((place + 1 == COMP_CWORD)); then
      COMPREPLY=($(compgen -c -- "$word"))
    elif declare -F _command_offset >/dev/null; then
      _command_offset $((place + 1))
    else
      COMPREPLY=($(compgen -f -- "$word"))
    fi
    return
  done
  while IFS= read -r found; do
    COMPREPLY+=("$(printf %q "$found")")
  done < <(mfasession shell complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F __mfasession_complete mfasession

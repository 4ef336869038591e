# mfasession in fish. In ~/.config/fish/config.fish:  mfasession shell init fish | source
#
# mfasession_prompt tells how long the session in this shell's environment lives; call it in fish_prompt:
#   function fish_prompt; mfasession_prompt; echo (prompt_pwd)'> '; end
# Words, profiles and the command behind -- complete with Tab.

function mfasession_prompt --description 'time left of the MFA session in this shell'
    string match -qr '^[0-9]+$' -- "$MFASESSION_EXPIRES"; or return 0
    set -l left (math $MFASESSION_EXPIRES - (date +%s))
    if test $left -le 0
        printf '[mfa expired] '
    else
        printf '[mfa %d:%02d] ' (math -s0 $left / 3600) (math -s0 $left % 3600 / 60)
    end
end

function __mfasession_is_behind_dashes
    contains -- -- (commandline -opc)
end

complete -c mfasession -f
complete -c mfasession -n 'not __mfasession_is_behind_dashes' \
    -a '(mfasession shell complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
complete -c mfasession -n __mfasession_is_behind_dashes -F -a '(__fish_complete_subcommand --fcs-skip=(math (contains -i -- -- (commandline -opc))))'

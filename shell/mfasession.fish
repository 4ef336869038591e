# mfasession in fish. In ~/.config/fish/config.fish:  mfasession shell init fish | source
#
# mfa [NAME]   log in, to profile NAME, and set the session's credentials in this shell; takes the flags of
#              `mfasession env`, too: mfa --region eu-west-1
# mfa off      take them back
# mfa status   list the sessions; also mfa '?'
#
# mfasession_prompt prints the profile of this shell's session (not `default`) and how long it is valid; call it in
# fish_prompt:
#   function fish_prompt; mfasession_prompt; echo (prompt_pwd)'> '; end
# No program is started at the prompt (on systems without /proc: from fish 3.5 on), until the session is in its last
# 15 minutes. Then a newer one, of a login in another shell, is taken over. Commands, flags, profiles and the command
# behind -- complete with Tab.

# fish has no clock of its own. The text is kept until its minute is over, by a clock that a builtin reads: the seconds
# since the start of the system, with those of its sleep (proc_uptime(5)), or else the age of / (fish 3.5).
contains -- path (builtin -n); and set -g __mfasession_has_path; or set -e __mfasession_has_path
set -g __mfasession_shown_for none
set -g __mfasession_shown

function __mfasession_left --description 'seconds left of the session in this shell'
    if set -q __mfasession_has_path
        # When / was changed, and how long ago.
        math $MFASESSION_EXPIRES - (path mtime /) - (path mtime --relative /)
    else
        math $MFASESSION_EXPIRES - (date +%s)
    end
end

function __mfasession_show --description 'set the text of the prompt, and until when it is right'
    set -g __mfasession_shown ''
    set -g __mfasession_from $argv[1]
    set -l lasts 60
    if string match -qr '^[0-9]+$' -- "$MFASESSION_EXPIRES"
        set -l name (__mfasession_name)
        set -l left (__mfasession_left)
        if test $left -lt 900
            # Looks for a newer session in the store, at most every five seconds. It asks for nothing.
            command -q mfasession
            and command mfasession shell refresh fish 2>/dev/null </dev/null | source
            set left (__mfasession_left)
            set lasts 5
        end
        if test $left -le 0
            set -g __mfasession_shown "[mfa $name"'expired] '
        else
            set -g __mfasession_shown (printf '[mfa %s%d:%02d] ' "$name" (math -s0 $left / 3600) (math -s0 $left % 3600 / 60))
            set lasts (math min\($lasts, max\($left % 60, 1\)\))
        end
    end
    set -g __mfasession_shown_for "$MFASESSION_EXPIRES $MFASESSION_HOLDS"
    set -g __mfasession_until (math $argv[1] + $lasts)
end

function __mfasession_name --description 'the profile of the session, except default, and a blank'
    # It is behind the first blank of what `env` has set.
    string match -qr '^(?<set_here>\S*) (?<name>.*)$' -- "$MFASESSION_HOLDS"; or return 0
    string match -q '*/role' -- $set_here; and set name "role of $name"
    test "$name" = default; or string match -qr '[[:^print:]]' -- $name; or echo "$name "
end

if test -r /proc/uptime
    function __mfasession_hook --on-event fish_prompt
        read -l now idle </proc/uptime
        test "$MFASESSION_EXPIRES $MFASESSION_HOLDS" = "$__mfasession_shown_for"
        and test "$now" -lt "$__mfasession_until"
        or __mfasession_show $now
    end
else
    function __mfasession_hook --on-event fish_prompt
        set -l now 0
        set -q __mfasession_has_path; and set now (path mtime --relative /)
        # A change of / sets its age back. Without it there is no clock, and nothing is kept.
        test "$MFASESSION_EXPIRES $MFASESSION_HOLDS" = "$__mfasession_shown_for"
        and test $now -lt "$__mfasession_until" -a $now -gt "$__mfasession_from"
        or __mfasession_show $now
    end
end

function mfasession_prompt --description 'time left of the MFA session in this shell'
    echo -n $__mfasession_shown
end

# Whatever else has the name keeps it.
if not type -q mfa
    function mfa --description 'log in, and set the session in this shell'
        if contains -- --help $argv; or contains -- -h $argv; or contains -- --version $argv
            command mfasession env $argv
        else if test "$argv[1]" = off
            command mfasession env --shell fish --unset $argv[2..] | source
        else if contains -- "$argv[1]" status '?'
            command mfasession status $argv[2..]
        else if string match -qr '^[^-]' -- "$argv[1]"
            command mfasession env --shell fish -p $argv | source
        else
            command mfasession env --shell fish $argv | source
        end
    end
    complete -c mfa -f -n 'not __mfasession_is_first_word' \
        -a '(command mfasession shell complete -- env (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
    complete -c mfa -f -n __mfasession_is_first_word \
        -a 'off status (command mfasession shell complete -- env -p (commandline -ct) 2>/dev/null)'
end

function __mfasession_is_behind_dashes
    contains -- -- (commandline -opc)
end

function __mfasession_is_first_word --description 'the first word behind mfa, and no flag'
    test (count (commandline -opc)) -eq 1; and not string match -q -- '-*' (commandline -ct)
end

function __mfasession_offer --description 'what may follow; names of files where nothing is offered'
    set -l found (command mfasession shell complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else if not string match -q -- '-*' (commandline -ct)
        __fish_complete_path (commandline -ct)
    end
end

complete -c mfasession -f
complete -c mfasession -n 'not __mfasession_is_behind_dashes' -a '(__mfasession_offer)'
complete -c mfasession -n __mfasession_is_behind_dashes -F -a '(__fish_complete_subcommand --fcs-skip=(math (contains -i -- -- (commandline -opc))))'

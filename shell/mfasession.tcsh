: 'mfasession in tcsh 6.20 and later. In ~/.tcshrc, or in ~/.cshrc if you have no ~/.tcshrc:';
: '  if ($?prompt && -X mfasession) eval "`mfasession shell init tcsh`"';
: 'mfa [NAME]   log in, to profile NAME, and set the session in this shell; takes the flags of mfasession env, too';
: 'mfa off      take it back';
: 'mfa status   list the sessions; also mfa "?"';
: 'MFASESSION_PS shows the profile of the session in this shell (not default) and how long it is valid; put';
: '%$MFASESSION_PS into your prompt where you like.';
: 'No program is started at the prompt, until the session is in its last 15 minutes. Then a newer one, of a login';
: 'in another shell, is taken over. Commands, flags, profiles and the command behind -- complete with Tab.';
: 'What eval reads is one line: so there are no comments and no blocks here, and each command has its semicolon.';

set MFASESSION_PS = "" __mfasession_now = 0 __mfasession_looked = 0 __mfasession_left = 0 __mfasession_minutes = 0;
set __mfasession_words = () __mfasession_do = env __mfasession_held = () __mfasession_profile = "";

: 'tcsh has no clock. The kernel notes when the terminal was written to, to about 8 seconds; echotc writes nothing visible.';
alias __mfasession_clock 'set __mfasession_now = "`date +%s`"';
if ($?tty) eval 'if (-c "/dev/$tty") alias __mfasession_clock "echotc -s me; @ __mfasession_now = -M /dev/$tty"';

alias __mfasession_hook 'set MFASESSION_PS = ""; if ($?MFASESSION_EXPIRES) eval __mfasession_check';
alias __mfasession_check 'if ("$MFASESSION_EXPIRES" =~ [0-9]* && ! ("$MFASESSION_EXPIRES" =~ *[^0-9]*) && $%MFASESSION_EXPIRES < 16) eval __mfasession_show';
alias __mfasession_count '@ __mfasession_left = $MFASESSION_EXPIRES - $__mfasession_now';
alias __mfasession_show '__mfasession_clock; __mfasession_count; if ($__mfasession_left < 900 && $__mfasession_now != $__mfasession_looked) eval __mfasession_refresh; __mfasession_name_it; if ($__mfasession_left <= 0) set MFASESSION_PS = "[mfa ${__mfasession_profile}expired] "; if ($__mfasession_left > 0) eval __mfasession_text';
alias __mfasession_text '@ __mfasession_minutes = 100 + $__mfasession_left % 3600 / 60; @ __mfasession_left /= 3600; set MFASESSION_PS = "[mfa ${__mfasession_profile}${__mfasession_left}:$__mfasession_minutes:s/1//] "';

: 'The profile of the session, except default: it is behind the first blank of MFASESSION_HOLDS, which env has set.';
alias __mfasession_name_it 'set __mfasession_profile = ""; if ($?MFASESSION_HOLDS) eval __mfasession_name_held';
alias __mfasession_name_held 'set __mfasession_held = (x$MFASESSION_HOLDS:x); if ($#__mfasession_held == 2) eval __mfasession_name_one';
alias __mfasession_name_one 'if ("$__mfasession_held[1]" =~ */role) set __mfasession_profile = "role of "; if ("$__mfasession_held[1]" =~ */role || "$__mfasession_held[2]" != default) set __mfasession_profile = "$__mfasession_profile$__mfasession_held[2] "; if ("$__mfasession_held[2]" =~ *[^-a-zA-Z0-9_.@+]*) set __mfasession_profile = ""';

: 'Looks for a newer session in the store. It asks for nothing.';
alias __mfasession_refresh 'set __mfasession_looked = $__mfasession_now; eval "`sh -c '\''exec mfasession shell refresh tcsh 2>/dev/null </dev/null'\''`"; __mfasession_count';

alias __mfasession_lines 'mfasession env --shell tcsh $__mfasession_words:q';
alias __mfasession_env 'eval "`__mfasession_lines`"';
alias __mfasession_help 'mfasession env $__mfasession_words:q';
alias __mfasession_off 'set __mfasession_words[1] = --unset; __mfasession_env';
alias __mfasession_status 'shift __mfasession_words; mfasession status $__mfasession_words:q';
alias __mfasession_choose 'if ("$__mfasession_words[1]" == off) set __mfasession_do = off; if ("$__mfasession_words[1]" == status || "$__mfasession_words[1]" == "?") set __mfasession_do = status; if (" $__mfasession_words " =~ *" --help "* || " $__mfasession_words " =~ *" -h "* || " $__mfasession_words " =~ *" --version "*) set __mfasession_do = help; if ($__mfasession_do == env && ! ("$__mfasession_words[1]" =~ -*)) set __mfasession_words = (-p $__mfasession_words:q)';
alias __mfasession_mfa 'set __mfasession_do = env; if ($#__mfasession_words) eval __mfasession_choose; eval __mfasession_$__mfasession_do';

set __mfasession_precmd = ("`alias precmd`");
if (! ("$__mfasession_precmd" =~ *__mfasession_hook*)) alias precmd "__mfasession_hook; $__mfasession_precmd:q";

: 'Behind -- the names of programs, then those of files.';
alias __mfasession_complete 'sh -c '\''set -f; line=${COMMAND_LINE##*[;&|]}; case $line in (*[[:space:]]) set -- $line "";; (*) set -- $line;; esac; name=$1 found=; shift; for last; do :; done; if [ "$name" = mfa ]; then case $#$1 in (1-*) set -- env "$1";; (1*) printf "off\nstatus\n"; set -- env -p "$1";; (*) set -- env "$@";; esac; fi; case " $* " in (*" -- "*) ;; (*) found=$(mfasession shell complete -- "$@" 2>/dev/null);; esac; case $name:$found:$last in (mfa::*|mfasession::-*) ;; (mfasession::*) set +f; ls -dp "$last"* 2>/dev/null;; (*) printf "%s\n" "$found";; esac'\''';
complete mfasession 'n/--/c/' 'N/--/f/' 'p@*@`__mfasession_complete`@';

: 'Whatever else has the name keeps it.';
alias __mfasession_name 'alias mfa "set __mfasession_words = (\\!*); __mfasession_mfa"; complete mfa '\''p@*@`__mfasession_complete`@'\';
which mfa > /dev/null;
if ($status) eval __mfasession_name;

# mfasession in nushell. Once:  mfasession shell init nu --install
#
# mfa [NAME]   log in, to profile NAME, and set the session's credentials in this shell; takes the flags of
#              `mfasession env`, too: mfa --region eu-west-1
# mfa off      take them back
# mfa status   list the sessions; also mfa ?
#
# $env.MFASESSION_PS shows the profile of this shell's session (not `default`) and how long it is valid; put it where
# you like:
#   $env.PROMPT_INDICATOR = {|| $"($env.MFASESSION_PS? | default '')> " }
# No program is started at the prompt, until the session is in its last 15 minutes. Then a newer one, of a login in
# another shell, is taken over. Commands, flags, profiles and the command after `--` complete with Tab; `mfa` itself
# completes nothing.

def "nu-complete mfasession" [line: string] {
    let words = ($line | split row ' ' | skip 1)
    if '--' not-in ($words | drop 1) {
        return (^mfasession shell complete '--' ...$words | complete | get stdout | lines)
    }
    # A program, and then files, which nushell completes itself when it is given nothing.
    let behind = ($words | skip until {|word| $word == '--' } | skip 1)
    if ($behind | length) > 1 { return null }
    let names = ($env.PATH | where {|folder| $folder | path exists } | each {|folder| ls $folder | get name | path basename })
    $names | flatten | uniq | where {|name| $name | str starts-with ($behind | last) }
}

# nushell asks it about commands that are programs; it alone is asked for flags. Yours is asked about all others.
do --env {
    let before = $env.config.completions.external.completer?
    $env.config.completions.external.completer = {|words|
        if $words.0 == 'mfasession' {
            nu-complete mfasession ($words | str join ' ')
        } else if $before != null {
            do $before $words
        }
    }
}

def --env --wrapped mfa [...words: string] {
    let first = ($words | append '' | first)
    if '--help' in $words or '-h' in $words or '--version' in $words {
        ^mfasession env ...$words
    } else if $first == 'off' {
        ^mfasession env --shell nu --unset ...($words | skip 1) | from json | load-env
    } else if $first in ['status' '?'] {
        ^mfasession status ...($words | skip 1)
    } else {
        let words = (if $first == '' or ($first | str starts-with '-') { $words } else { ['-p'] ++ $words })
        ^mfasession env --shell nu ...$words | from json | load-env
    }
}

# Looks for a newer session in the store, and asks for nothing.
def --env "mfasession hook" [] {
    let expires = ($env.MFASESSION_EXPIRES? | default '')
    if $expires !~ '^[0-9]{1,12}$' {
        $env.MFASESSION_PS = ''
        return
    }
    let now = ((date now | into int) // 1_000_000_000)
    if ($expires | into int) - $now < 900 {
        let found = (^mfasession shell refresh nu | complete | get stdout)
        if $found != '' { $found | from json | load-env }
    }
    let left = ($env.MFASESSION_EXPIRES | into int) - $now
    # It is behind the first blank of what `env` has set.
    let held = ($env.MFASESSION_HOLDS? | default '' | split row --number 2 ' ')
    let name = ($held | append '' | get 1)
    let name = (if ($held.0 | str ends-with '/role') { $"role of ($name)" } else { $name })
    let name = (if $name in ['' default] or $name =~ '[[:cntrl:]]' { '' } else { $"($name) " })
    $env.MFASESSION_PS = if $left <= 0 {
        $"[mfa ($name)expired] "
    } else {
        let minutes = ($left mod 3600 // 60 | fill --alignment right --character '0' --width 2)
        $"[mfa ($name)($left // 3600):($minutes)] "
    }
}

# A text, which is found again when this is read twice.
if {code: 'mfasession hook'} not-in ($env.config.hooks.pre_prompt? | default []) {
    $env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | append {code: 'mfasession hook'})
}

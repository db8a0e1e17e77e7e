# Completion of siptrunk_exporter for bash. What it offers is what --help says, so that it
# fits the program that is installed.

_siptrunk_exporter_flags() {
  "$1" --help 2>/dev/null | sed -nE 's/^  (--[a-z.-]+)(=?).*/\1\2/p'
}

# The words after "One of" in the help of a flag.
_siptrunk_exporter_choices() {
  "$1" --help 2>/dev/null | awk -v flag="$2" '
    /^  --/ { on = index($0, "  " flag "=") == 1; next }
    on { text = text " " $0 }
    END {
      if (match(text, /One of [^.]*\./)) {
        text = substr(text, RSTART + 7, RLENGTH - 8)
        gsub(/,/, "", text)
        print text
      }
    }'
}

_siptrunk_exporter() {
  local program=$1 cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local flag=
  COMPREPLY=()
  # bash takes "=" for a word of its own.
  if [[ $cur == "=" ]]; then
    flag=$before cur=
  elif [[ $before == "=" ]]; then
    flag=${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ $before == --* ]]; then
    flag=$before
  fi
  case $flag in
    --config.file | --web.config.file | --trust-with | --pcap)
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    --*)
      mapfile -t COMPREPLY < <(compgen -W "$(_siptrunk_exporter_choices "$program" "$flag")" -- "$cur")
      [[ ${#COMPREPLY[@]} -eq 0 ]] || return
      ;;
  esac
  [[ $cur == -* || -z $cur ]] || return
  mapfile -t COMPREPLY < <(compgen -W "$(_siptrunk_exporter_flags "$program")" -- "$cur")
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
    compopt -o nospace 2>/dev/null
  fi
}

complete -F _siptrunk_exporter siptrunk_exporter

/**
 * Completion for bash 3.2 and newer, without the bash-completion package. Not the library's: that one puts the words of
 * the line through `eval`, so that TAB after `--reason "$(rm x)"` would run it, and after `> file` would empty the file.
 */
export const bashScript = `# bash completion for tacos
_tacos() {
  local line word last='' current
  local -a words=()
  # bash splits at =, tacos wants --flag=value in one word.
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ \${#words[@]} -gt 0 && ( $word == '=' || $last == '=' ) ]]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    last=$word
  done
  current=\${words[\${#words[@]}-1]##*=}
  COMPREPLY=()
  while IFS= read -r line; do
    [[ $line == :* ]] && continue
    line=\${line%%$'\\t'*}
    [[ $line == "$current"* ]] && COMPREPLY+=("$line")
  done < <(tacos complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _tacos tacos`;

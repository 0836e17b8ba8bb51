# zsh -f completion.zsh SCRIPT LINE...: types each line and a tab into an interactive zsh; prints the line then, and what was shown below it.
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1='' RPS1=''; stty cols 200 rows 200; unsetopt zle_bracketed_paste prompt_sp prompt_cr; LISTMAX=10000; autoload -Uz compinit; compinit -u -D; source ${(q)1}"
zpty -w z 'typed() { print -r -- "<<$BUFFER>>"; BUFFER=""; zle -I }; zle -N typed; bindkey "^X^P" typed; bindkey "^I" complete-word; setopt auto_list no_list_beep; print R""EADY'
zpty -r z out '*READY*'
shift
for line in "$@"; do
  zpty -n -w z "$line"$'\t\C-x\C-p'
  zpty -r z out '*<<*>>*'
  print -r -- "${out//$'\r'/}"
  print -r -- '===='
done
zpty -d z

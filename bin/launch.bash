# Sourced by the commands of this source tree: finds a JDK 25, builds a module on first use and again when its sources changed,
# and runs its jar.
#
#   JAVA_HOME               used if it is a JDK 25 or newer; otherwise the usual places are searched
#   WRITEBOOST_JAVA_OPTS    more options for java
#
# Everything but java's own output goes to stderr: stdout belongs to the command.
#
# To be set before: root (the source tree), name (for messages), module (what to build), jar (what it is called); main where it is
# another class than the one that the jar names. A function "rehearse", if there is one, starts and ends the program once with the
# command that its arguments begin, so that the JVM can keep what it learns of a start (JEP 514).

# shellcheck shell=bash disable=SC2154
set -u

# What a rehearsal leaves in the directory of a build.
aot=start.aot

say() {
  printf '%s: %s\n' "$name" "$1" >&2
}

fail() {
  say "$1"
  exit 1
}

# Serial collector: a request allocates nothing, so collections are rare and small; it starts fastest and has no threads of its
# own beside those that do I/O. Buffers, index and line table lie outside the heap, which therefore stays small. Out of heap,
# the process ends at once: the log is made for a crash, not for half a server. The JVM's own warnings must not get into
# stdout. No performance data: that is a file in /tmp, whose disk may stall the JVM. All compilers are on: a server runs for
# months. Where what a rehearsal has left does not fit (another JDK), the JVM starts without it, and needs no words for that.
java_options=(
  --enable-native-access=ALL-UNNAMED
  -XX:+UseSerialGC
  -Xmx512m
  -XX:+ExitOnOutOfMemoryError
  -XX:-UsePerfData
  -XX:+DisplayVMOutputToStderr
  -Xlog:disable
  -Xlog:all=warning,aot*=off,cds*=off:stderr
)

# picocli's classes have the format of Java 5, which the JVM takes long to verify, and which it keeps nothing of from a rehearsal.
# What is on the boot class path it does not verify: a start takes a seventh less.
boot_libraries() {
  local libraries=("$builds/$build"/lib/picocli-*.jar)
  [[ ! -f ${libraries[0]} ]] || java_options+=(-Xbootclasspath/a:"${libraries[0]}")
}

# Asks the file "release" in a JDK's home, because asking java itself would cost 40 ms.
is_jdk_25() {
  local line version
  [[ -x $1/bin/java && -x $1/bin/javac && -r $1/release ]] || return 1
  while IFS= read -r line; do
    if [[ $line =~ ^JAVA_VERSION=\"([0-9]+) ]]; then
      version=${BASH_REMATCH[1]}
      ((version >= 25))
      return
    fi
  done <"$1/release"
  return 1
}

# Sets jdk.
find_jdk() {
  local java
  local homes=("${JAVA_HOME:-}" /usr/lib/jvm/* /opt/* /opt/*/* "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/*)
  for jdk in "${homes[@]}"; do
    is_jdk_25 "$jdk" && return
  done
  if java=$(type -P java) && java=$(readlink -f -- "$java"); then
    jdk=${java%/bin/java}
    is_jdk_25 "$jdk" && return
  fi
  fail 'needs a JDK 25, and found none: install openjdk-25-jdk or Temurin 25 (https://adoptium.net), or set JAVA_HOME'
}

# "$builds/current" names the directory of the newest build, and is as old as that build's start. Each build has a directory of
# its own, so that a server that runs from an older one keeps its jars. Directories count as sources: a file deleted changes one.
needs_build() {
  read -r build 2>/dev/null <"$builds/current" && [[ -f $builds/$build/$jar ]] || return 0
  [[ -n $(find "$root"/pom.xml "$root"/{engine,nbd,"$module"}/{pom.xml,src/main} -newer "$builds/current" -print -quit) ]]
}

build() {
  local start new previous lock
  exec {lock}>"$root/target/launcher.lock"
  if ! flock --nonblock "$lock"; then
    say 'waiting for another build to end'
    flock "$lock"
  fi
  if needs_build; then
    previous=${build:-none}
    printf -v new 'build-%(%Y%m%d-%H%M%S)T-%d' -1 $$
    start=$builds/start
    : >"$start"
    type -P mvn >/dev/null || fail 'needs Maven to build itself: install maven'
    say 'building; that takes a minute or two'
    # In a directory of its own, so that it does not get in the way of a "mvn verify" that runs at the same time.
    (
      cd "$root" || exit
      set -o pipefail
      export JAVA_HOME=$jdk
      # Maven's own libraries make a newer JDK warn.
      export MAVEN_OPTS="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}"
      # It resets the colours of a terminal that is not there.
      mvn -B -q -ntp -Dmaven.test.skip -Dformat.skip -Doutput=target/launcher -pl "$module" -am package 2>&1 | sed $'s/\e\\[0*m//g'
    ) {lock}>&- </dev/null >&2 || fail 'the build failed, see above; nothing was started'
    mkdir "$builds/$new" \
      && cp -r "$root/$module"/target/launcher/{"$jar",lib} "$builds/$new" \
      && printf '%s\n' "$new" >"$builds/next" \
      && touch -r "$start" "$builds/next" \
      && mv "$builds/next" "$builds/current" || fail "cannot write to $builds; nothing was started"
    build=$new
    local old
    for old in "$builds"/build-*; do
      [[ $old == */"$previous" || $old == */"$new" ]] || rm -rf -- "$old"
    done
    if declare -F rehearse >/dev/null; then
      (
        boot_libraries
        rehearse "$jdk/bin/java" "${java_options[@]}" -XX:AOTCacheOutput="$builds/$new/$aot" -jar "$builds/$new/$jar" {lock}>&-
      ) || say 'what makes starts faster could not be prepared; it works without'
    fi
  fi
  exec {lock}>&-
}

# Runs the module's jar with the arguments given, in place of this shell.
launch() {
  builds=$root/target/builds/$module
  build=
  jdk=
  find_jdk
  if needs_build; then
    if mkdir -p "$builds" 2>/dev/null && [[ -w $builds ]]; then
      build
    elif [[ -f $builds/$build/$jar ]]; then
      say "the sources are newer than the build, but $builds cannot be written: running it as it is"
    else
      fail "is not built yet, and $root cannot be written"
    fi
  fi

  # A JVM takes names of files for what the locale says; in a locale without UTF-8 it cannot name one with an umlaut.
  case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
    *[Uu][Tt][Ff]-8 | *[Uu][Tt][Ff]8) ;;
    *) export LC_ALL=C.UTF-8 ;;
  esac
  boot_libraries
  if [[ -r $builds/$build/$aot ]]; then
    java_options+=(-XX:AOTCache="$builds/$build/$aot")
  fi
  local program=(-jar "$builds/$build/$jar")
  [[ -z ${main:-} ]] || program=(-cp "$builds/$build/$jar" "$main")
  # shellcheck disable=SC2086 # several options, separated by blanks
  exec "$jdk/bin/java" "${java_options[@]}" ${WRITEBOOST_JAVA_OPTS:-} "${program[@]}" "$@"
}

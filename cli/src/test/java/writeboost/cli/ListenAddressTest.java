package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ListenAddressTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "with blank",
        "per%cent",
        "a%20b",
        "a+b",
        "q?m=1&n",
        "#h",
        "slash/es",
        "ä€😀",
        "//",
        "[x]",
        "semi;colon",
        "\"q\""
      })
  void unixUriIsReadBack(String text) throws Exception {
    Path path = Path.of("/run/" + text, "s.sock");
    ListenAddress.Unix address = new ListenAddress.Unix("", path);
    String uri = address.uri(text, false);
    assertThat(uri).doesNotContain(" ").isEqualTo(new URI(uri).toString());
    assertThat(uri).matches("\\p{ASCII}*"); // clients refuse anything else
    assertThat(uri.chars().filter(c -> c == '?')).hasSize(1);
    assertThat(ListenAddress.parse(uri, false)).isEqualTo(new ListenAddress.Unix(text, path));
  }

  @Test
  void unixUriIsAsTheStandardHasIt() {
    ListenAddress address = new ListenAddress.Unix("", Path.of("/run/writeboost/a b.sock"));
    assertThat(address.uri("a b", false))
        .isEqualTo("nbd+unix:///a%20b?socket=/run/writeboost/a%20b.sock");
    assertThat(address.uri("", false)).isEqualTo("nbd+unix:///?socket=/run/writeboost/a%20b.sock");
  }

  @ParameterizedTest
  @CsvSource({
    "nbd://127.0.0.1:1234, nbd://127.0.0.1:1234/, true",
    "nbd://127.0.0.1, nbd://127.0.0.1:10809/, true",
    "nbd://127.0.0.1:1234/a%20b, nbd://127.0.0.1:1234/a%20b, true",
    "nbd://[::1]:1234, nbd://[0:0:0:0:0:0:0:1]:1234/, true",
    "nbd://[::]:1234, nbd://[0:0:0:0:0:0:0:0]:1234/, false",
    "nbd://0.0.0.0:1, nbd://0.0.0.0:1/, false",
    "nbd://192.0.2.1:1, nbd://192.0.2.1:1/, false"
  })
  void tcp(String text, String uri, boolean loopback) throws Exception {
    ListenAddress address = ListenAddress.parse(text, false);
    assertThat(address.uri(address.export(), false)).isEqualTo(uri);
    assertThat(address).isInstanceOf(ListenAddress.Tcp.class);
    assertThat(((ListenAddress.Tcp) address).isLoopback()).isEqualTo(loopback);
    assertThat(ListenAddress.parse(uri, false)).isEqualTo(address);
  }

  @Test
  void withTlsTheSchemeSaysSo() throws Exception {
    for (String scheme : List.of("nbd", "nbds")) {
      ListenAddress tcp = ListenAddress.parse(scheme + "://127.0.0.1:1/x", true);
      assertThat(tcp.uri("x", true)).isEqualTo("nbds://127.0.0.1:1/x");
      ListenAddress unix = ListenAddress.parse(scheme + "+unix:///?socket=/s", true);
      assertThat(unix.uri("x", true)).isEqualTo("nbds+unix:///x?socket=/s");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/run/s.sock",
        "unix:/run/s.sock",
        "http://127.0.0.1:1",
        "nbd:",
        "nbd://",
        "nbd://127.0.0.1:65536",
        "nbd://127.0.0.1:-1",
        "nbd://127.0.0.1:x",
        "nbd+unix:///x",
        "nbd+unix:///?socket=",
        "nbd+unix:///?path=/s",
        "nbd+unix:///?socket=/a%00b",
        "nbd+unix:///%zz?socket=/s",
        "nbds://127.0.0.1:1",
        "nbds+unix:///?socket=/s",
        "nbd+unix:///?socket=/a b",
        "nbd+unix:///?socket=/s&x=1",
        "nbd+unix:///?socket=/s#x",
        "nbd://user@127.0.0.1:1",
        "nbd://127.0.0.1:1/x?y=1",
        "nbd://127.0.0.1:1/x#y"
      })
  void refused(String text) {
    assertThatThrownBy(() -> ListenAddress.parse(text, false))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("--listen " + text);
  }
}

package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NbdAddressTest {

  @Test
  void overTcp() {
    NbdAddress address = NbdAddress.parse("nbd://host.example:1234/a/b%20%2Fc+d");
    assertThat(address.host()).isEqualTo("host.example");
    assertThat(address.port()).isEqualTo(1234);
    assertThat(address.export()).isEqualTo("a/b /c+d");
    assertThat(address.socket()).isNull();
    assertThat(NbdAddress.parse("nbd://host").port()).isEqualTo(10809);
    assertThat(NbdAddress.parse("nbd://[::1]:5/x").host()).isEqualTo("[::1]");
  }

  @Test
  void overAUnixSocket() {
    NbdAddress address = NbdAddress.parse("nbd+unix:///disk%3F?socket=/run/a%20b+%26.sock");
    assertThat(address.socket()).isEqualTo(Path.of("/run/a b+&.sock"));
    assertThat(address.export()).isEqualTo("disk?");
    assertThat(NbdAddress.parse("nbd+unix:///?socket=/s").export()).isEmpty();
  }

  @Test
  void aVolumeIsCalledByTheExportOrElseByThePlace() {
    assertThat(NbdAddress.parse("nbd+unix:///disk?socket=/run/s").name()).isEqualTo("disk");
    assertThat(NbdAddress.parse("nbd+unix:///?socket=/run/s").name()).isEqualTo("s");
    assertThat(NbdAddress.parse("nbd://host/").name()).isEqualTo("host");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nbd://",
        "nbd:///disk",
        "nbd://host:0/",
        "nbd://host:65536/",
        "nbd://host:port/",
        "nbd://user@host/",
        "nbd://host/?socket=/s",
        "nbd://host/#x",
        "nbd+unix:///disk",
        "nbd+unix:///disk?socket=",
        "nbd+unix:///disk?path=/s",
        "nbd+unix:///disk?socket=/s&tls=on",
        "nbd+unix://host/disk?socket=/s",
        "nbd+unix:///disk?socket=/s&tls-hostname=a",
        "nbds+unix:///disk?socket=/s&socket=/t",
        "nbds+unix:///disk?tls-hostname=a",
        "nbds://host/?tls-hostname=",
        "nbds://host/?tls-verify-peer=0",
        "nbd+unix:///disk?socket=/s%00",
        "nbd+vsock://1/x",
        "nbd://host/a b",
        "nbd://host/%zz",
        "http://host/",
        "",
      })
  void anythingElseIsRefusedInOneLine(String text) {
    assertThatThrownBy(() -> NbdAddress.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(text + ": not an NBD address; give nbd://")
        .hasMessageNotContaining("\n");
  }

  @Test
  void tlsIsNamed() {
    assertThat(NbdAddress.parse("nbd://host/").wantsTls()).isFalse();
    assertThat(NbdAddress.parse("nbds://host/").tlsName()).isEqualTo("host");
    assertThat(NbdAddress.parse("nbds://[::1]/").tlsName()).isEqualTo("::1");
    assertThat(NbdAddress.parse("nbds://host/?tls-hostname=a").tlsName()).isEqualTo("a");
    NbdAddress unix = NbdAddress.parse("nbds+unix:///x?tls-hostname=a&socket=/s");
    assertThat(unix.tlsName()).isEqualTo("a");
    assertThat(unix.socket()).isEqualTo(Path.of("/s"));
    assertThat(NbdAddress.parse("nbds+unix:///x?socket=/s").tlsName()).isEqualTo("localhost");
    assertThat(NbdAddress.looksLikeOne("nbds://host/")).isTrue();
    assertThat(NbdAddress.looksLikeOne("/dev/nbd0")).isFalse();
    assertThat(NbdAddress.looksLikeOne("nbd.img")).isFalse();
  }
}

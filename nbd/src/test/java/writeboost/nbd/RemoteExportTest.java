package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RemoteExportTest {

  private static final int FLAGS = ScriptedServer.FLAGS;
  private static final RemoteExport FIRST = export("disk", 1 << 20, FLAGS, 1);

  private static RemoteExport export(String name, long size, int flags, int minimumBlock) {
    return new RemoteExport(name, size, flags, minimumBlock, 4096, 32 << 20, false, -1);
  }

  private static void refused(RemoteExport now, String why) {
    assertThatThrownBy(() -> now.requireSame(FIRST, ClientOptions.DEFAULTS))
        .hasMessageContaining(why);
  }

  @Test
  void anExportHasToComeBackAsItWas() {
    refused(export("disk", 2 << 20, FLAGS, 1), "has 2097152 bytes now, and had 1048576");
    refused(export("disk", 1 << 19, FLAGS, 1), "has 524288 bytes now, and had 1048576");
    refused(export("disc", 1 << 20, FLAGS, 1), "is export \"disc\" now, and was \"disk\"");
    refused(export("disk", 1 << 20, FLAGS | Protocol.TRANSMIT_READ_ONLY, 1), "is read-only");
    refused(export("disk", 1 << 20, FLAGS & ~Protocol.TRANSMIT_SEND_FLUSH, 1), "cannot flush now");
    refused(export("disk", 1 << 20, FLAGS, 4096), "takes only blocks of 4096 bytes now");
  }

  @Test
  void whatIsDoneAnotherWayMayChange() {
    int poor = Protocol.TRANSMIT_HAS_FLAGS | Protocol.TRANSMIT_SEND_FLUSH;
    assertThatCode(
            () -> export("disk", 1 << 20, poor, 512).requireSame(FIRST, ClientOptions.DEFAULTS))
        .doesNotThrowAnyException();
  }

  @Test
  void anExportThatCannotBeADiskIsRefused() {
    unusable(export("disk", 1000, FLAGS, 1), "not a multiple of 512");
    unusable(export("disk", -512, FLAGS, 1), "not a multiple of 512");
    unusable(export("disk", 512, FLAGS, 4096), "not a multiple of 4096");
    unusable(export("disk", 1 << 20, FLAGS, 8192), "takes only blocks of 8192 bytes");
    unusable(export("disk", 1 << 20, FLAGS | Protocol.TRANSMIT_READ_ONLY, 1), "is read-only");
    unusable(export("disk", 1 << 20, 0, 1), "cannot flush");
  }

  private static void unusable(RemoteExport export, String why) {
    assertThatThrownBy(() -> export.requireUsable(ClientOptions.DEFAULTS))
        .hasMessageContaining(why);
  }

  @Test
  void readingNeedsNeitherFlushNorTheRightToWrite() {
    assertThatCode(
            () ->
                export("disk", 1 << 20, Protocol.TRANSMIT_READ_ONLY | 1, 1)
                    .requireUsable(ClientOptions.DEFAULTS.withReadOnly(true)))
        .doesNotThrowAnyException();
  }
}

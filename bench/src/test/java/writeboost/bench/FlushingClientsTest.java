package writeboost.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import writeboost.device.BlockDevice;
import writeboost.device.MemoryDevice;

/** What the clients of T4 do, on devices in RAM. */
final class FlushingClientsTest {

  private static final int BLOCK = Load.BLOCK_BYTES;
  private static final int CLIENTS = 4;

  /** Longer than any of it takes. */
  private static final long PATIENCE_S = 600;

  @Test
  void togetherTheyWriteWhatTheyAreTold() throws Exception {
    try (CountingDevice device = new CountingDevice(new MemoryDevice(64L * BLOCK))) {
      Run run = FlushingClients.of(device, CLIENTS).run(64L * BLOCK, PATIENCE_S, 40L * BLOCK);
      assertThat(run.requests()).isEqualTo(40);
      assertThat(device.bytesWritten()).isEqualTo(40L * BLOCK);
      assertThat(run.figure(Metric.P999_MICROS)).isGreaterThan(0);
      assertThat(run.withoutLatencies().figures())
          .containsOnlyKeys(Metric.IOPS, Metric.MEGABYTES_PER_S);
    }
  }

  @Test
  void aWriteThatFailsIsNoFigure() {
    try (BlockDevice device = new MemoryDevice(BLOCK)) {
      FlushingClients clients = FlushingClients.of(device, CLIENTS);
      assertThatThrownBy(() -> clients.run(1L << 40, PATIENCE_S, 1 << 20))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("a client failed");
    }
  }
}

package writeboost.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@link BlockDevice} promises, asked of every device of this package. */
class DeviceContractTest {
  private static final int SECTOR = 512;
  private static final int SIZE = 1 << 20;
  private static final int SECTORS = SIZE / SECTOR;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void readsBackWhatAModelSays(DeviceUnderTest kind) throws Exception {
    for (long seed = 1; seed <= 3; seed++) {
      Path own = Files.createDirectory(folder.resolve("seed" + seed));
      try (var opened = kind.open(own, SIZE)) {
        new Script(opened.device, seed).run();
      }
    }
  }

  /** Batches of requests that share aligned units, but no sector. */
  private static final class Script {
    private final byte[] model = new byte[SIZE];
    private final boolean[] trimmed = new boolean[SECTORS];
    private final BlockDevice device;
    private final Random random;
    private final String seed;

    Script(BlockDevice device, long seed) {
      this.device = device;
      this.random = new Random(seed);
      this.seed = "seed " + seed;
    }

    void run() {
      for (int round = 0; round < 100; round++) {
        BitSet taken = new BitSet(SECTORS);
        List<Request> batch = new ArrayList<>();
        for (int i = random.nextInt(1, 12); i > 0; i--) {
          int sectors = random.nextInt(1, random.nextInt(4) == 0 ? 900 : 20);
          int first = random.nextInt(SECTORS - sectors);
          if (taken.nextSetBit(first) < 0 || taken.nextSetBit(first) >= first + sectors) {
            taken.set(first, first + sectors);
            batch.add(next(first * SECTOR, sectors * SECTOR));
          }
        }
        if (random.nextBoolean()) { // the device may use this thread
          batch.forEach(request -> request.flags |= Request.AWAITED);
        }
        Calls.run(device, batch.toArray(Request[]::new));
        batch.forEach(this::check);
      }
      Request whole = Calls.request(Operation.READ, 0, SIZE, Calls.memory(SIZE), 0);
      Calls.run(device, whole);
      check(whole);
    }

    private Request next(int offset, int length) {
      int shift = random.nextBoolean() ? 0 : random.nextInt(5000);
      MemorySegment data =
          random.nextInt(8) == 0
              ? MemorySegment.ofArray(new byte[length + shift])
              : Calls.memory(length + shift);
      return switch (random.nextInt(8)) {
        case 0 -> {
          Arrays.fill(model, offset, offset + length, (byte) 0);
          known(offset, length, true);
          int flags = random.nextBoolean() ? Request.NO_HOLE : Request.FUA;
          yield Calls.request(Operation.WRITE_ZEROES, flags, offset, length);
        }
        case 1 -> {
          known(offset, length, false);
          yield Calls.request(Operation.TRIM, 0, offset, length);
        }
        case 2, 3 -> Calls.request(Operation.READ, offset, length, data, shift);
        default -> {
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          System.arraycopy(bytes, 0, model, offset, length);
          known(offset, length, true);
          MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, shift, length);
          Request write = Calls.request(Operation.WRITE, offset, length, data.asReadOnly(), shift);
          write.flags = random.nextInt(10) == 0 ? Request.FUA : 0;
          yield write;
        }
      };
    }

    private void known(int offset, int length, boolean isKnown) {
      Arrays.fill(trimmed, offset / SECTOR, (offset + length) / SECTOR, !isKnown);
    }

    private void check(Request request) {
      assertThat(request.error).as("%s: %s", seed, request).isZero();
      if (request.operation != Operation.READ) {
        return;
      }
      byte[] expected = new byte[SECTOR];
      byte[] actual = new byte[SECTOR];
      for (int done = 0; done < request.length; done += SECTOR) {
        int at = (int) request.offset + done;
        if (!trimmed[at / SECTOR]) {
          System.arraycopy(model, at, expected, 0, SECTOR);
          MemorySegment.copy(
              request.data, ValueLayout.JAVA_BYTE, request.dataOffset + done, actual, 0, SECTOR);
          assertThat(actual)
              .as("%s: sector %d in %s", seed, at / SECTOR, request)
              .isEqualTo(expected);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void neighbouringSectorsAreWrittenAtTheSameTime(DeviceUnderTest kind) throws Exception {
    try (var opened = kind.open(folder, SIZE)) {
      BlockDevice device = opened.device;
      int units = 16;
      for (int round = 1; round <= 20; round++) {
        Request[] batch = new Request[units * 8];
        for (int i = 0; i < batch.length; i++) {
          boolean zero = i % 8 == round % 8;
          MemorySegment data = Calls.memory(SECTOR).fill((byte) (round + i));
          batch[i] =
              zero
                  ? Calls.request(Operation.WRITE_ZEROES, 0, (long) i * SECTOR, SECTOR)
                  : Calls.request(Operation.WRITE, (long) i * SECTOR, SECTOR, data, 0);
        }
        Calls.run(device, batch);
        Request read =
            Calls.request(Operation.READ, 0, units * 4096, Calls.memory(units * 4096), 0);
        assertThat(Calls.error(device, read)).isZero();
        for (int i = 0; i < batch.length; i++) {
          byte expected = i % 8 == round % 8 ? 0 : (byte) (round + i);
          MemorySegment sector = read.data.asSlice((long) i * SECTOR, SECTOR);
          assertThat(sector.mismatch(Calls.memory(SECTOR).fill(expected)))
              .as("round %d, sector %d", round, i)
              .isEqualTo(-1);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void refusesWhatIsOutOfBounds(DeviceUnderTest kind) throws Exception {
    try (var opened = kind.open(folder, SIZE)) {
      BlockDevice device = opened.device;
      MemorySegment data = Calls.memory(8192);
      for (Operation operation : new Operation[] {Operation.READ, Operation.WRITE}) {
        assertThat(
                List.of(
                    Calls.error(device, Calls.request(operation, SIZE - 512, 1024, data, 0)),
                    Calls.error(
                        device, Calls.request(operation, Long.MAX_VALUE - 511, 512, data, 0)),
                    Calls.error(device, Calls.request(operation, -512, 512, data, 0)),
                    Calls.error(device, Calls.request(operation, 0, -512, data, 0)),
                    Calls.error(device, Calls.request(operation, 256, 512, data, 0)),
                    Calls.error(device, Calls.request(operation, 0, 256, data, 0)),
                    Calls.error(device, Calls.request(operation, 0, 512, data, 8192 - 256)),
                    Calls.error(device, Calls.request(operation, 0, 512, data, -512))))
            .as("%s", operation)
            .containsOnly(Errno.EINVAL);
      }
      assertThat(
              List.of(
                  Calls.error(device, Calls.request(Operation.WRITE_ZEROES, 0, 512, SIZE)),
                  Calls.error(device, Calls.request(Operation.TRIM, 0, SIZE, 512)),
                  Calls.error(device, Calls.request(Operation.READ, 0, 512, data.asReadOnly(), 0))))
          .containsOnly(Errno.EINVAL);
      assertThat(Calls.error(device, Calls.request(Operation.READ, SIZE, 0, data, 0))).isZero();
      assertThat(Calls.error(device, Calls.request(Operation.FLUSH, 0, 0, 0))).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void answersAfterItIsClosed(DeviceUnderTest kind) throws Exception {
    var opened = kind.open(folder, SIZE);
    opened.close();
    opened.device.close(); // harmless
    Request read = Calls.request(Operation.READ, 0, 512, Calls.memory(512), 0);
    assertThat(Calls.error(opened.device, read)).isEqualTo(Errno.ESHUTDOWN);
  }
}

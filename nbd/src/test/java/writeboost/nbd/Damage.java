package writeboost.nbd;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** Changes messages, seldom and at random; knows whether it has. One thread. */
final class Damage {

  private static final int[] STRANGE = {
    0, 1, 2, 3, -1, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 511, 513, 4096, 65536, 65537, 32 << 20
  };

  private final Random random;

  /** One message in so many; 0 is none. */
  private int oneIn;

  volatile boolean done;

  Damage(Random random, int oneIn) {
    this.random = random;
    this.oneIn = oneIn;
  }

  /** Something else was: no more of it. */
  void end() {
    done = true;
    oneIn = 0;
  }

  /** {@code message}, or something like it. */
  byte[] to(byte[] message) {
    if (oneIn == 0 || random.nextInt(oneIn) != 0) {
      return message;
    }
    done = true;
    byte[] bytes = message.clone();
    switch (random.nextInt(6)) {
      case 0 -> {
        for (int i = random.nextInt(4); i >= 0 && bytes.length > 0; i--) {
          bytes[random.nextInt(Math.min(bytes.length, 48))] = (byte) random.nextInt();
        }
      }
      case 1 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
      case 2 -> bytes = join(bytes, junk(40));
      case 3 -> bytes = join(bytes, message);
      case 4 -> bytes = junk(80);
      default -> {
        int places = Math.min(bytes.length, 40) / 4;
        if (places > 0) {
          int strange = STRANGE[random.nextInt(STRANGE.length)];
          ByteBuffer.wrap(bytes).putInt(4 * random.nextInt(places), strange);
        }
      }
    }
    return bytes;
  }

  private byte[] junk(int most) {
    byte[] bytes = new byte[1 + random.nextInt(most)];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}

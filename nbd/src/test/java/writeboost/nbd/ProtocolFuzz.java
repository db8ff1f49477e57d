package writeboost.nbd;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** What a client could send: mostly sound, some of it damaged. The seed says it all. */
final class ProtocolFuzz {

  private final Random random;
  private final int diskBytes;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private int cookie;

  ProtocolFuzz(long seed, int diskBytes) {
    this.random = new Random(seed);
    this.diskBytes = diskBytes;
  }

  /** The whole input of one connection. */
  byte[] input() {
    send(new byte[] {0, 0, 0, (byte) (chance(30) ? random.nextInt(8) : 1 + random.nextInt(3))});
    int options = random.nextInt(5);
    for (int i = 0; i < options; i++) {
      send(damaged(option(), 40));
    }
    if (chance(15)) {
      send(damaged(RawClient.option(1, name()), 40));
    } else {
      send(damaged(RawClient.option(7, RawClient.nameAndItems("disk", 0, 3, 1, 2)), 60));
    }
    int requests = random.nextInt(25);
    for (int i = 0; i < requests; i++) {
      send(damagedRequest(request()));
    }
    if (!chance(4)) {
      send(RawClient.request(0, 2, 0, 0, 0));
    }
    if (chance(40)) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      send(noise);
    }
    byte[] all = out.toByteArray();
    return chance(25) ? Arrays.copyOf(all, random.nextInt(all.length + 1)) : all;
  }

  private boolean chance(int oneIn) {
    return random.nextInt(oneIn) == 0;
  }

  private void send(byte[] bytes) {
    out.writeBytes(bytes);
  }

  private byte[] name() {
    String name =
        switch (random.nextInt(8)) {
          case 0 -> "";
          case 1 -> "other";
          case 2 -> "x".repeat(random.nextInt(20_000));
          default -> "disk";
        };
    return name.getBytes(StandardCharsets.US_ASCII);
  }

  private byte[] option() {
    String name = new String(name(), StandardCharsets.US_ASCII);
    return switch (random.nextInt(9)) {
      case 0, 1 -> RawClient.option(8, new byte[chance(10) ? 3 : 0]);
      case 2, 3 -> RawClient.option(10, RawClient.nameAndQueries(name, queries()));
      case 4 -> RawClient.option(9, RawClient.nameAndQueries(name, queries()));
      case 5 ->
          RawClient.option(6, RawClient.nameAndItems(name, random.nextInt(6), random.nextInt(4)));
      case 6 -> RawClient.option(3, new byte[chance(5) ? 1 : 0]);
      case 7 -> RawClient.option(random.nextInt(14), new byte[random.nextInt(50)]);
      default -> RawClient.option(11 + random.nextInt(100), new byte[random.nextInt(70_000)]);
    };
  }

  private String[] queries() {
    String[] all = {"base:allocation", "base:", "base", "x-other:y", "", ":"};
    String[] queries = new String[random.nextInt(4)];
    for (int i = 0; i < queries.length; i++) {
      queries[i] = all[random.nextInt(all.length)];
    }
    return queries;
  }

  private byte[] request() {
    int type = chance(30) ? random.nextInt(1 << 16) : random.nextInt(8);
    if (type == 2) {
      type = 0;
    }
    long offset = 512L * random.nextInt(diskBytes / 512 + 2);
    long length = chance(12) ? random.nextInt(diskBytes) : 512L * random.nextInt(20);
    if (chance(20)) {
      length =
          switch (random.nextInt(4)) {
            case 0 -> 0xffff_fe00L;
            case 1 -> (32 << 20) + 512;
            case 2 -> 0;
            default -> random.nextInt() & 0xffff_ffffL;
          };
    }
    if (chance(20)) {
      offset = random.nextLong();
    }
    if (type == 3 && !chance(5)) {
      offset = 0;
      length = 0;
    }
    int flags = chance(4) ? 1 << random.nextInt(7) : 0;
    byte[] data = new byte[type == 1 ? (int) Math.min(length, 300_000) : 0];
    random.nextBytes(data);
    return RawClient.request(flags, type, cookie++, offset, length, data);
  }

  private byte[] damaged(byte[] message, int oneIn) {
    if (chance(oneIn)) {
      int changes = 1 + random.nextInt(4);
      for (int i = 0; i < changes; i++) {
        message[random.nextInt(Math.min(message.length, 48))] = (byte) random.nextInt();
      }
    }
    return message;
  }

  /** All but the cookie, by which answers are told from each other. */
  private byte[] damagedRequest(byte[] request) {
    if (chance(12)) {
      int at = random.nextInt(20);
      request[at < 8 ? at : at + 8] = (byte) random.nextInt();
    }
    return request;
  }
}

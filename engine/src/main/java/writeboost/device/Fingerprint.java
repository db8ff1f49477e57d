package writeboost.device;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What tells one backing device from another of the same size, as far as it can be told: 128 bits
 * that stay with the device wherever it is moved. 0 says nothing.
 *
 * <ul>
 *   <li>A file carries a random id in the extended attribute {@code user.writeboost.id}, from the
 *       first format of a cache for it on. A copy without attributes has none.
 *   <li>A device-mapper volume (LVM, dm-crypt ...) has the UUID that the kernel shows.
 *   <li>Anything else has none.
 * </ul>
 */
public record Fingerprint(long high, long low) {

  public static final Fingerprint NONE = new Fingerprint(0, 0);

  private static final String ATTRIBUTE = "writeboost.id";
  private static final int TEXT_LENGTH = 36;

  public boolean isKnown() {
    return (high | low) != 0;
  }

  private static Fingerprint of(UUID uuid) {
    return new Fingerprint(uuid.getMostSignificantBits(), uuid.getLeastSignificantBits());
  }

  static Fingerprint ofBlockDevice(Identity identity) {
    try {
      byte[] uuid =
          Files.readAllBytes(Path.of("/sys/dev/block/%s/dm/uuid".formatted(identity.majorMinor())));
      return uuid.length <= 1 ? NONE : of(UUID.nameUUIDFromBytes(uuid));
    } catch (IOException e) {
      return NONE; // not a device-mapper volume
    }
  }

  /** What the file carries; none where it has nothing, or the file system keeps no attributes. */
  static Fingerprint ofFile(Path file) {
    UserDefinedFileAttributeView view = view(file);
    try {
      if (view == null || !view.list().contains(ATTRIBUTE)) {
        return NONE;
      }
      ByteBuffer text = ByteBuffer.allocate(TEXT_LENGTH);
      view.read(ATTRIBUTE, text);
      return of(UUID.fromString(new String(text.array(), StandardCharsets.US_ASCII)));
    } catch (IOException | IllegalArgumentException e) {
      return NONE;
    }
  }

  /** Gives the file an id, unless it has one; none where the file system keeps no attributes. */
  static Fingerprint give(Path file) {
    Fingerprint present = ofFile(file);
    if (present.isKnown()) {
      return present;
    }
    UserDefinedFileAttributeView view = view(file);
    if (view == null) {
      return NONE;
    }
    UUID id = UUID.randomUUID();
    try {
      view.write(ATTRIBUTE, StandardCharsets.US_ASCII.encode(id.toString()));
      return of(id);
    } catch (IOException e) {
      return NONE;
    }
  }

  private static @Nullable UserDefinedFileAttributeView view(Path file) {
    return Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
  }
}

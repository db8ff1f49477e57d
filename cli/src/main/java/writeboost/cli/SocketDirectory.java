package writeboost.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import writeboost.device.Posix;

/**
 * Where sockets live by default: a folder of our own that nobody else can enter, so that nobody
 * else can put a socket there or reach ours.
 */
final class SocketDirectory {

  private static final Set<PosixFilePermission> OURS_ALONE =
      PosixFilePermissions.fromString("rwx------");

  private SocketDirectory() {}

  /**
   * The folder, made if it is not there.
   *
   * @param option says where else the socket may be
   */
  static Path open(String option) throws CommandFailure {
    Path folder = folder(option);
    try {
      if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OURS_ALONE));
      }
      check(folder, option);
    } catch (IOException e) {
      throw CommandFailure.failure(
          "%s: cannot be made the folder for sockets (%s); say where with %s"
              .formatted(folder, why(e), option));
    }
    return folder;
  }

  /** The folder, if it is there and ours; otherwise none can be reached through it. */
  static Optional<Path> existing(String option) throws CommandFailure {
    Path folder = folder(option);
    try {
      if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
        return Optional.empty();
      }
      check(folder, option);
      return Optional.of(folder);
    } catch (IOException e) {
      throw CommandFailure.failure(folder + ": cannot be looked into: " + why(e));
    }
  }

  private static Path folder(String option) throws CommandFailure {
    if (Posix.effectiveUser() == 0) {
      return Path.of("/run/writeboost");
    }
    @Nullable String runtime = System.getenv("XDG_RUNTIME_DIR");
    if (runtime == null || runtime.isEmpty()) {
      throw CommandFailure.usage(
          "XDG_RUNTIME_DIR is not set, so there is no usual place for the socket; say where with "
              + option);
    }
    return Path.of(runtime, "writeboost");
  }

  private static void check(Path folder, String option) throws IOException, CommandFailure {
    PosixFileAttributes attributes =
        Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isDirectory()) {
      throw refused(folder, "is not a folder", option);
    }
    Object owner = Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    if (!owner.equals(Posix.effectiveUser())) {
      throw refused(folder, "belongs to another user", option);
    }
    if (!OURS_ALONE.containsAll(attributes.permissions())) {
      throw refused(folder, "can be entered by others (chmod 700)", option);
    }
  }

  private static String why(IOException e) {
    return switch (e) {
      case AccessDeniedException _ -> "permission denied";
      case NoSuchFileException _ -> "the folder that it is to be in does not exist";
      case FileSystemException failed when failed.getReason() != null -> failed.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }

  private static CommandFailure refused(Path folder, String why, String option) {
    return CommandFailure.failure(
        "%s: %s, so it cannot hold sockets; mend that, or say where with %s"
            .formatted(folder, why, option));
  }
}

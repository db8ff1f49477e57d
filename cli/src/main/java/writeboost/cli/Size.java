package writeboost.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes on the command line, 512M or 4GiB: bytes, in units of 1024. */
final class Size implements ITypeConverter<Long> {

  private static final Pattern PATTERN =
      Pattern.compile("(\\d{1,18})\\s*([KMGTP]?)(?:I?B)?", Pattern.CASE_INSENSITIVE);

  private static final String UNITS = "KMGTP";
  private static final int UNIT_BITS = 10;

  @Override
  public Long convert(String text) {
    Matcher matcher = PATTERN.matcher(text.strip());
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "'%s' is not a size; sizes look like 512M, 4G or 1T".formatted(text));
    }
    String unit = matcher.group(2).toUpperCase(Locale.ROOT);
    int shift = unit.isEmpty() ? 0 : UNIT_BITS * (1 + UNITS.indexOf(unit));
    long number = Long.parseLong(matcher.group(1));
    if (number == 0 || number > Long.MAX_VALUE >> shift) {
      throw new TypeConversionException("'%s' is out of range for a size".formatted(text));
    }
    return number << shift;
  }

  /** A size for people: the largest unit that leaves a number of at most four digits. */
  static String format(long bytes) {
    long value = bytes;
    int unit = -1;
    while (value >= 10_000 && unit < UNITS.length() - 1) {
      value >>= UNIT_BITS;
      unit++;
    }
    return unit < 0 ? value + " bytes" : value + " " + UNITS.charAt(unit) + "iB";
  }
}

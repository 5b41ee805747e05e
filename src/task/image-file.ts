/** A bigger image is refused: servers take longer for it than anybody waits, and a task's copy leaves it out. */
export const maxImageBytes = 20 * 1024 * 1024;

/** Bytes from the start of a file that {@link imageFormat} needs. */
export const imageHeadBytes = 16;

export type ImageFormat = 'PNG' | 'JPEG' | 'GIF' | 'WebP' | 'BMP';

/** What a file's first bytes say that it is, whatever its name; null for what is no image of these kinds. */
export function imageFormat(head: Uint8Array): ImageFormat | null {
  const text = (from: number, to: number): string => Buffer.from(head.subarray(from, to)).toString('latin1');
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'PNG';
  if (text(0, 3) === '\xff\xd8\xff') return 'JPEG';
  if (text(0, 6) === 'GIF87a' || text(0, 6) === 'GIF89a') return 'GIF';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'WebP';
  // Two letters alone begin many a text: the four bytes that are always zero make sure.
  if (text(0, 2) === 'BM' && text(6, 10) === '\0\0\0\0') return 'BMP';
  return null;
}

/** The media type for a `data:` address. */
export function mediaType(format: ImageFormat): string {
  return `image/${format.toLowerCase()}`;
}

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** Width and height that an image's own header gives; null where it is cut off or says none. */
export function pixelSize(image: Uint8Array): PixelSize | null {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  try {
    const size = headerSize(bytes);
    return size !== null && size.width > 0 && size.height > 0 ? size : null;
  } catch (error) {
    // The header ends too early: it says nothing.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function headerSize(bytes: Buffer): PixelSize | null {
  switch (imageFormat(bytes)) {
    case 'PNG':
      return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
    case 'GIF':
      return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
    case 'BMP':
      // A negative height means that the rows stand from top to bottom.
      return { width: bytes.readInt32LE(18), height: Math.abs(bytes.readInt32LE(22)) };
    case 'WebP':
      return webpSize(bytes);
    case 'JPEG':
      return jpegSize(bytes);
    case null:
      return null;
  }
}

function webpSize(bytes: Buffer): PixelSize | null {
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    default:
      return null;
  }
}

/** Goes from segment to segment up to the one that describes the frame. */
function jpegSize(bytes: Buffer): PixelSize | null {
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    // The picture itself begins without a frame having been described.
    if (marker === 0xda || marker === 0xd9) return null;
    const hasLength = !(marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8));
    at += hasLength ? 2 + bytes.readUInt16BE(at + 2) : 2;
  }
  return null;
}

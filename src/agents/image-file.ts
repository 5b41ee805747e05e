import { WilsonError } from '../errors.js';
import { type ImageFormat, imageFormat, maxImageBytes, type PixelSize, pixelSize } from '../task/image-file.js';
import { openInside } from '../tools/jail.js';

/** An image of the workspace, ready to be sent. */
export interface WorkspaceImage {
  readonly name: string;
  readonly format: ImageFormat;
  readonly bytes: number;
  /** Null where its header does not say. */
  readonly pixels: PixelSize | null;
  readonly base64: string;
}

/**
 * Reads an image of the workspace. Rejects with `IMAGE_MISSING`, `IMAGE_TOO_LARGE`, `NOT_AN_IMAGE`, and with
 * `PATH_OUTSIDE_WORKSPACE` for a name or link that leads out.
 */
export async function readImage(root: string, name: string): Promise<WorkspaceImage> {
  const { file, stats } = await openInside(root, name).catch((error: unknown) => {
    if (!(error instanceof WilsonError) || error.code !== 'FILE_NOT_FOUND') throw error;
    throw new WilsonError('IMAGE_MISSING', `There is no image ${name} in the task's copy of the folder.`, {
      hint: 'Check the name; an image that was removed or moved since the task was asked for is not there either.',
      cause: error,
    });
  });
  try {
    if (stats.size > maxImageBytes) {
      const mb = Math.ceil(stats.size / 1_048_576);
      throw new WilsonError(
        'IMAGE_TOO_LARGE',
        `${name} has ${mb} MB; at most ${maxImageBytes / 1_048_576} MB are sent.`,
        {
          hint: 'Make a smaller copy of it and name that.',
        },
      );
    }
    const bytes = await file.readFile();
    const format = imageFormat(bytes);
    if (format === null) {
      throw new WilsonError('NOT_AN_IMAGE', `${name} is no image: its content is none of PNG, JPEG, GIF, WebP, BMP.`, {
        hint: 'Name another file.',
      });
    }
    return { name, format, bytes: bytes.length, pixels: pixelSize(bytes), base64: bytes.toString('base64') };
  } finally {
    await file.close();
  }
}

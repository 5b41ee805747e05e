import { z } from 'zod';

/*
 * `config.yaml` as people write it: keys in snake_case, everything optional. The text of each error is what is allowed
 * there; `problems-of.ts` adds the key, and what was found.
 */

function wholeNumber(min: number, max: number, unit = '') {
  const allowed = `a whole number${unit && ` of ${unit}`} from ${min} to ${max}`;
  return z.int({ error: allowed }).min(min, { error: allowed }).max(max, { error: allowed });
}

function oneOf<const T extends readonly [string, ...string[]]>(names: T) {
  return z.enum(names, { error: names.join(', ') });
}

const onOff = z.boolean({ error: 'true or false' });

const modelName = (() => {
  const error = 'the name of a model as text, e.g. llama3:latest';
  return z
    .string({ error })
    .min(1, { error })
    .max(1_000, { error })
    .regex(/^\S(?:[^\p{Cc}]*\S)?$/u, { error });
})();

const temperature = (() => {
  const error = 'a number from 0 to 2';
  return z.number({ error }).min(0, { error }).max(2, { error });
})();

const host = (() => {
  const error = 'the address of a server without user and password, e.g. http://192.168.1.20:11434';
  return z
    .string({ error })
    .min(1, { error })
    .refine((text) => normalHost(text) !== null, { error });
})();

/** The name, never the key: what stands here is not echoed in errors. */
const apiKeyEnv = (() => {
  const error = 'the name of an environment variable that holds the key, e.g. OPENAI_API_KEY (never the key itself)';
  return z.string({ error }).regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error });
})();

/** `embedded` is another word for `llamacpp`. */
export const providerNames = ['ollama', 'llamacpp', 'openai', 'embedded'] as const;

const mapping = { error: 'a mapping (indented keys below it)' };

const purpose = z
  .strictObject(
    {
      provider: oneOf(providerNames).optional(),
      model: modelName.optional(),
      temperature: temperature.optional(),
      keep_alive: onOff.optional(),
      idle_timeout: wholeNumber(0, 86_400, 'seconds').optional(),
      host: host.nullish(),
      api_key_env: apiKeyEnv.nullish(),
      num_ctx: wholeNumber(256, 1_048_576, 'tokens').optional(),
      num_threads: wholeNumber(1, 1_024).nullish(),
    },
    mapping,
  )
  .nullish();

export const configSchema = z.strictObject(
  {
    llms: z
      .strictObject(
        {
          chat: purpose,
          code: purpose,
          analysis: purpose,
          vision: purpose,
          embedded: z.strictObject({ model: modelName.optional() }, mapping).nullish(),
          fallback: oneOf(['allow', 'forbid']).optional(),
          load_timeout: wholeNumber(1, 3_600, 'seconds').optional(),
        },
        mapping,
      )
      .nullish(),
    workers: z
      .strictObject(
        {
          max_concurrent: wholeNumber(1, 64).optional(),
          spawn_mode: oneOf(['on_demand']).optional(),
          kill_after_task: onOff.optional(),
          preload_models: onOff.optional(),
          apply: oneOf(['ask', 'auto']).optional(),
        },
        mapping,
      )
      .nullish(),
    resources: z
      .strictObject(
        {
          max_memory_mb: wholeNumber(256, 16_777_216, 'megabytes').optional(),
          warn_threshold_mb: wholeNumber(0, 16_777_216, 'megabytes').optional(),
        },
        mapping,
      )
      .nullish(),
  },
  mapping,
);

/** What {@link configSchema} lets through. */
export type RawConfig = z.infer<typeof configSchema>;
export type RawPurpose = NonNullable<NonNullable<RawConfig['llms']>['chat']>;

/**
 * The base URL of a server, without a slash at its end; `http://` is added where no scheme is given. Null when it is no
 * address, or carries a user or password (they would end up in logs; `api_key_env` is the way).
 */
export function normalHost(text: string): string | null {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(withScheme) || /[\s\p{Cc}]/u.test(text)) return null;
  const url = new URL(withScheme);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  if (url.username || url.password || url.search || url.hash) return null;
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/**
 * The Worker's bindings, for the type checker alone. Ambient, so that no source file imports the objects through it.
 * `cloudflare:workers` and the test pool take their types from `Cloudflare` as well.
 */
declare namespace Cloudflare {
  interface Env {
    readonly BUILDS: DurableObjectNamespace<import("./builds/object.ts").BuildObject>;
    readonly QUEUES: DurableObjectNamespace<import("./queue/object.ts").QueueObject>;
    readonly PROJECTS: DurableObjectNamespace<import("./projects/object.ts").ProjectObject>;
    readonly DIRECTORY: DurableObjectNamespace<import("./projects/directory.ts").DirectoryObject>;
    readonly METRICS: DurableObjectNamespace<import("./metrics/object.ts").MetricsObject>;
    readonly ARTIFACTS: R2Bucket;
    readonly ADMIN_TOKEN?: string;
    readonly REGISTRATION_TOKEN?: string;
    readonly TOKEN_SECRET?: string;
    readonly TOKEN_SECRET_PREVIOUS?: string;
    readonly CLAIM_LEASE_SECONDS?: string | number;
    readonly STUCK_AFTER_SECONDS?: string | number;
    readonly PENDING_LIMIT_SECONDS?: string | number;
    readonly CANCELING_LIMIT_SECONDS?: string | number;
    readonly LONG_POLL_SECONDS?: string | number;
    readonly MAX_ARTIFACT_BYTES?: string | number;
    readonly MAX_TRACE_BYTES?: string | number;
    readonly RETENTION_DAYS?: string | number;
    readonly R2_ACCOUNT_ID?: string;
    readonly R2_ACCESS_KEY_ID?: string;
    readonly R2_SECRET_ACCESS_KEY?: string;
    readonly R2_BUCKET_NAME?: string;
    readonly PUBLIC_URL?: string;
    readonly ALLOWED_HOSTS?: string;
    readonly SIGNALBOX_DEV_SECRETS?: string;
  }
  interface GlobalProps {
    mainModule: typeof import("./index.ts");
  }
}

interface Env extends Cloudflare.Env {}

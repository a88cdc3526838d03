// One session with a PostgreSQL server: logs in with a password (SCRAM), asks simple queries one after another. A session that
// has failed is closed; the next one is new.
import { randomBytes } from 'node:crypto';
import { Connection } from '../connection.ts';
import {
  columns,
  complaint,
  type Message,
  parseMessage,
  query,
  saslInitial,
  saslResponse,
  startup,
} from './protocol.ts';
import { clientFinal, clientFirst, type Proof } from './scram.ts';

const PORT = 5432;
const MECHANISM = 'SCRAM-SHA-256';

export interface Login {
  readonly address: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface Result {
  readonly rows: readonly (readonly (string | null)[])[];
  /** "INSERT 0 1". */
  readonly tags: readonly string[];
  /** "WARNING 01000: ...": what the server had to say besides. */
  readonly warnings: readonly string[];
}

export class Session {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(login: Login, deadline: AbortSignal): Promise<Session> {
    const connection = new Connection(login.address, PORT);
    const session = new Session(connection);
    try {
      connection.send(startup({ user: login.user, database: login.database, application_name: 'statefulapp-e2e' }));
      await session.#authenticate(login, deadline);
      await session.#untilReady(deadline);
      return session;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  async ask(sql: string, deadline: AbortSignal): Promise<Result> {
    this.#connection.send(query(sql));
    return await this.#untilReady(deadline);
  }

  close(): void {
    this.#connection.close();
  }

  async #authenticate({ user, password }: Login, deadline: AbortSignal): Promise<void> {
    const exchange = { user, password, nonce: randomBytes(18).toString('base64') };
    let proof: Proof | undefined;
    for (;;) {
      const { type, body } = await this.#connection.read(parseMessage, deadline);
      if (type === 'E') throw new Error(complaint(body).sentence);
      if (type !== 'R') throw new Error(`PostgreSQL sent ${type} before the login was over`);
      const rest = body.toString('utf8', 4);
      switch (body.readInt32BE(0)) {
        case 0:
          return;
        case 10:
          if (!rest.split('\0').includes(MECHANISM)) throw new Error(`PostgreSQL does not offer ${MECHANISM}`);
          this.#connection.send(saslInitial(MECHANISM, clientFirst(exchange)));
          break;
        case 11:
          proof = clientFinal(exchange, rest);
          this.#connection.send(saslResponse(proof.message));
          break;
        case 12:
          if (proof === undefined) throw new Error('PostgreSQL ended a login that had not begun');
          proof.verify(rest);
          break;
        default:
          throw new Error(`PostgreSQL asks for a login that is not ${MECHANISM}`);
      }
    }
  }

  /** Reads up to ReadyForQuery. An error is thrown only then, so that the session can go on. */
  async #untilReady(deadline: AbortSignal): Promise<Result> {
    const rows: (readonly (string | null)[])[] = [];
    const tags: string[] = [];
    const warnings: string[] = [];
    let failure: string | undefined;
    for (;;) {
      const { type, body }: Message = await this.#connection.read(parseMessage, deadline).catch((error: unknown) => {
        throw failure === undefined ? error : new Error(failure);
      });
      if (type === 'D') rows.push(columns(body));
      else if (type === 'C') tags.push(body.toString('utf8', 0, body.length - 1));
      else if (type === 'E') failure = complaint(body).sentence;
      else if (type === 'N' && complaint(body).severity === 'WARNING') warnings.push(complaint(body).sentence);
      else if (type === 'Z') {
        if (failure !== undefined) throw new Error(failure);
        return { rows, tags, warnings };
      }
    }
  }
}

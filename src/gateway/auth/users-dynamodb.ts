/** Users in a DynamoDB table whose partition key is the text `name_key`. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { User, UserStore } from './users.ts';

export interface UsersTable {
  readonly name: string;
  readonly region: string;
}

/** Bounds of one call, ms; a second try is made where that is safe. */
const connectionTimeout = 500;
const requestTimeout = 1_000;

/**
 * Opens the table. Credentials and endpoint come the AWS way: environment, profile, role of the pod; AWS_ENDPOINT_URL.
 * The SDK is loaded here, since only those who use it should pay for it.
 */
export async function openUsersTable({ name, region }: UsersTable): Promise<UserStore & { close(): void }> {
  const sdk = await import('@aws-sdk/client-dynamodb');
  const client = new sdk.DynamoDBClient({
    region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout, requestTimeout, throwOnRequestTimeout: true },
  });
  return {
    async find(nameKey) {
      const command = { TableName: name, Key: { name_key: { S: nameKey } }, ConsistentRead: true };
      const { Item: item } = await client.send(new sdk.GetItemCommand(command));
      return item && userOf(item);
    },
    async create(nameKey, user) {
      const item = {
        name_key: { S: nameKey },
        user_id: { S: user.id },
        password: { S: user.password },
        created_ms: { N: String(user.createdMs) },
      };
      const command = new sdk.PutItemCommand({
        TableName: name,
        Item: item,
        ConditionExpression: 'attribute_not_exists(name_key)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      try {
        await client.send(command);
        return true;
      } catch (error) {
        if (!(error instanceof sdk.ConditionalCheckFailedException)) throw error;
        // The SDK's second try, after a first one whose answer was lost, meets its own user.
        return error.Item?.user_id?.S === user.id;
      }
    },
    close: () => client.destroy(),
  };
}

/** @throws Error for an item that is no user */
function userOf({ user_id: id, password, created_ms: createdMs }: Record<string, AttributeValue>): User {
  if (id?.S === undefined || password?.S === undefined) throw new Error('an item of the table is no user');
  return { id: id.S, password: password.S, createdMs: Number(createdMs?.N ?? 0) };
}

import { useState, type FormEvent } from 'react';
import { graphql, useMutation } from 'react-relay';

import { ApiError, sentence } from '../api/errors';
import type { SignInMutation } from '../__generated__/SignInMutation.graphql';
import { useRouter, useTitle } from '../router';
import { useSession } from '../session';

export function SignIn() {
  const { signIn } = useSession();
  const { navigate } = useRouter();
  const [commit, pending] = useMutation<SignInMutation>(graphql`
    mutation SignInMutation($input: SignInInput!) {
      signIn(input: $input) {
        accessToken {
          token
        }
        userErrors {
          message
          path
        }
      }
    }
  `);
  const [problems, setProblems] = useState<readonly { message: string; path: readonly string[] }[]>([]);
  useTitle('Sign in');

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setProblems([]);
    const failed = (error: unknown) => setProblems([{ message: sentence(error), path: [] }]);
    commit({
      variables: { input: { login: String(form.get('login')), password: String(form.get('password')) } },
      onCompleted: ({ signIn: payload }, errors) => {
        if (!payload) return failed(ApiError.of(errors?.[0]));
        setProblems(payload.userErrors);
        if (payload.accessToken) {
          navigate('/');
          signIn(payload.accessToken.token);
        }
      },
      onError: failed,
    });
  };

  const problem = (field: string) => problems.find(({ path }) => path[0] === field)?.message;
  const other = problems.find(({ path }) => path.length === 0)?.message;
  return (
    <form className="card sign-in" onSubmit={submit} noValidate aria-labelledby="sign-in">
      <h1 id="sign-in">Sign in</h1>
      <Field name="login" label="Handle or email" autoComplete="username" problem={problem('login')} />
      <Field name="password" label="Password" type="password" autoComplete="current-password" problem={problem('password')} />
      {other && <p role="alert" className="problem">{other}</p>}
      <button type="submit" className="primary" aria-disabled={pending}>
        {pending ? 'Signing in…' : 'Sign in'}
      </button>
      <p className="muted">
        In the demo data: <kbd>demo</kbd> with <kbd>demo-demo-demo</kbd>.
      </p>
    </form>
  );
}

interface FieldProps {
  name: string;
  label: string;
  autoComplete: string;
  type?: string;
  problem: string | undefined;
}

function Field({ name, label, type = 'text', autoComplete, problem }: FieldProps) {
  return (
    <p className="field">
      <label htmlFor={name}>{label}</label>
      <input
        id={name}
        name={name}
        type={type}
        autoComplete={autoComplete}
        autoCapitalize="none"
        aria-invalid={problem !== undefined}
        aria-describedby={problem && `${name}-problem`}
      />
      {problem && <span id={`${name}-problem`} role="alert" className="problem">{problem}</span>}
    </p>
  );
}

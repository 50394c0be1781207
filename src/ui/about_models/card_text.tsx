/** Model cards as page: Markdown read by `marked`, drawn as elements. Nothing in a card is ever taken as HTML. */
import { marked, type Token, type Tokens } from "marked";
import { Fragment, type ReactNode } from "react";

/** Without the lines between "---" that the hub reads, and without the title, which stands above already. */
export const bodyOf = (card: string): string =>
  card.replace(/^---\n[\s\S]*?\n---\n/, "").replace(/^\s*# .*\n/, "");

function inline(tokens: readonly Token[] | undefined): ReactNode {
  return (tokens ?? []).map((t, i) => {
    const key = i;
    switch (t.type) {
      case "strong":
        return <strong key={key}>{inline((t as Tokens.Strong).tokens)}</strong>;
      case "em":
        return <em key={key}>{inline((t as Tokens.Em).tokens)}</em>;
      case "codespan":
        return <code key={key}>{(t as Tokens.Codespan).text}</code>;
      case "br":
        return <br key={key} />;
      case "link": {
        const { href, tokens: inside } = t as Tokens.Link;
        return /^https:\/\//.test(href) ? (
          <a key={key} href={href} target="_blank" rel="noreferrer">
            {inline(inside)}
          </a>
        ) : (
          <Fragment key={key}>{inline(inside)}</Fragment>
        );
      }
      default:
        return <Fragment key={key}>{"text" in t ? String(t.text) : t.raw}</Fragment>;
    }
  });
}

function Table({ table }: { readonly table: Tokens.Table }) {
  const hasHead = table.header.some((cell) => cell.text !== "");
  return (
    <div className="table-scroll" tabIndex={0} role="group" aria-label="Facts">
      <table className="figures">
        {hasHead && (
          <thead>
            <tr>
              {table.header.map((cell, i) => (
                <th key={i} scope="col">
                  {inline(cell.tokens)}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {table.rows.map((row, n) => (
            <tr key={n}>
              {row.map((cell, i) => (
                <td key={i}>{inline(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function block(t: Token, key: number): ReactNode {
  switch (t.type) {
    case "heading":
      return <h4 key={key}>{inline((t as Tokens.Heading).tokens)}</h4>;
    case "paragraph":
      return <p key={key}>{inline((t as Tokens.Paragraph).tokens)}</p>;
    case "list":
      return (
        <ul key={key} className="plain-list">
          {(t as Tokens.List).items.map((item, i) => (
            <li key={i}>{item.tokens.map(block)}</li>
          ))}
        </ul>
      );
    case "text":
      return <Fragment key={key}>{inline((t as Tokens.Text).tokens ?? [t])}</Fragment>;
    case "code":
      return (
        <pre key={key} tabIndex={0}>
          <code>{(t as Tokens.Code).text}</code>
        </pre>
      );
    case "table":
      return <Table key={key} table={t as Tokens.Table} />;
    case "space":
      return null;
    case "html":
      // Comments are for tools; anything else shows what it is.
      return /^<!--[^>]*-->\s*$/.test(t.raw) ? null : <p key={key}>{t.raw}</p>;
    default:
      return <p key={key}>{t.raw}</p>;
  }
}

/** A card's text. */
export function CardText({ card }: { readonly card: string }) {
  return <div className="card-text">{marked.lexer(bodyOf(card)).map(block)}</div>;
}

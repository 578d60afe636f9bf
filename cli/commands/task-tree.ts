// `apium tasks tree <task>`: the family of a task with the state of each, from its topmost parent down.
import type { Command } from "commander";
import type { Answer, Client } from "../client.ts";
import { dim, type Output, odd } from "../output.ts";
import { coloured } from "./task-words.ts";

export function treeCommand(tasks: Command, client: () => Client, output: Output): void {
  tasks
    .command("tree <task>")
    .description("its parents and children, with their states")
    .action(async (task: string) => {
      const tree = await client().get(`/tasks/${encodeURIComponent(task)}/tree`);
      output.show(tree, ({ root, count, truncated }) => {
        const more = truncated ? [odd(`there are more than the ${count} tasks shown`)] : [];
        return [nodeText(root, task), ...branches(root, task, ""), ...more].join("\n");
      });
    });
}

/** The lines below a node. */
function branches({ children }: Answer, asked: string, indent: string): string[] {
  return children.flatMap((child: Answer, index: number) => {
    const isLast = index === children.length - 1;
    const deeper = `${indent}${isLast ? "   " : "│  "}`;
    return [`${dim(`${indent}${isLast ? "└─ " : "├─ "}`)}${nodeText(child, asked)}`, ...branches(child, asked, deeper)];
  });
}

function nodeText(node: Answer, asked: string): string {
  const parts = [
    `${node.name} ${dim(node.id)} ${coloured(node.state)}`,
    ...(node.startedAt === null || node.finishedAt === null ? [] : [dim(tookText(node))]),
    ...(node.retryOf === null ? [] : [odd(`in place of ${node.retryOf}`)]),
    ...(node.retriedAs === null ? [] : [odd(`run again as ${node.retriedAs}`)]),
    ...(node.id === asked ? ["←"] : []),
  ];
  return parts.join("  ");
}

function tookText({ startedAt, finishedAt }: Answer): string {
  return `${(Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000).toFixed(1)} s`;
}

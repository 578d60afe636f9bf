// Lucide's icons by the names this product uses them under; only those named here get into the bundle.
import {
  Activity,
  AlarmClock,
  ArrowDown,
  ArrowUp,
  Ban,
  BookOpenText,
  Boxes,
  Building2,
  Check,
  ChevronDown,
  ChevronRight,
  CircleAlert,
  CircleHelp,
  CircleStop,
  ClipboardList,
  Clock,
  Copy,
  Cpu,
  Database,
  Download,
  ExternalLink,
  FileText,
  Gauge,
  type IconNode,
  Inbox,
  KeyRound,
  Layers,
  ListChecks,
  LogOut,
  Mail,
  Menu,
  Moon,
  Pause,
  Pencil,
  Play,
  Plus,
  Power,
  RefreshCw,
  RotateCcw,
  Search,
  Settings,
  SlidersHorizontal,
  Sun,
  Ticket,
  Trash2,
  X,
  Zap,
} from "lucide";
import { h } from "preact";

const ICONS = {
  activity: Activity,
  alert: CircleAlert,
  audit: BookOpenText,
  ban: Ban,
  cache: Database,
  check: Check,
  clock: Clock,
  close: X,
  copy: Copy,
  cpu: Cpu,
  download: Download,
  down: ChevronDown,
  edit: Pencil,
  falling: ArrowDown,
  file: FileText,
  filter: SlidersHorizontal,
  help: CircleHelp,
  jobs: ClipboardList,
  key: KeyRound,
  letters: Inbox,
  link: ExternalLink,
  logout: LogOut,
  mail: Mail,
  menu: Menu,
  moon: Moon,
  overview: Gauge,
  pause: Pause,
  play: Play,
  plus: Plus,
  power: Power,
  queues: Layers,
  refresh: RefreshCw,
  retry: RotateCcw,
  right: ChevronRight,
  rising: ArrowUp,
  run: Zap,
  schedules: AlarmClock,
  search: Search,
  settings: Settings,
  sites: Building2,
  stop: CircleStop,
  sun: Sun,
  tasks: ListChecks,
  tickets: Ticket,
  trash: Trash2,
  workers: Boxes,
} satisfies Record<string, IconNode>;
export type IconName = keyof typeof ICONS;

/** Beside words it says nothing to a screen reader; alone, its button has a label. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {ICONS[name].map(([tag, attributes], index) => h(tag, { ...attributes, key: index }))}
    </svg>
  );
}

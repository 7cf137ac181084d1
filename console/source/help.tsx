import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Modal from "@cloudscape-design/components/modal";

const KEYS: Record<string, string> = {
  "/": "Filter the list, or search",
  "?": "This help",
  "g d": "Dashboard",
  "g f": "Findings",
  "g i": "Issues",
  "g h": "Hosts",
  "g r": "Runs",
  "g t": "Targets",
  "g p": "Templates",
  "g w": "Waivers",
  "g e": "Feeds",
  Esc: "Close a panel or a dialog",
  "Arrow keys": "Move in a table",
};

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Modal visible header="Keys" onDismiss={onClose} closeAriaLabel="Close">
      <KeyValuePairs columns={2} items={Object.entries(KEYS).map(([label, value]) => ({ label, value }))} />
    </Modal>
  );
}

/** The page's sign: a node, a taken child that leads on, a child that was refused. */
export const Logo = () => (
  <svg viewBox="0 0 26 20" width="26" height="20" aria-hidden="true">
    <path
      d="M3,10C9,10 9,4 15,4M3,10C9,10 9,16 15,16M15,4H22"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
    />
    <circle cx="3.2" cy="10" r="2.7" fill="currentColor" />
    <circle cx="15" cy="4" r="2.7" fill="var(--accepted)" />
    <circle cx="15" cy="16" r="2.2" fill="var(--paper)" stroke="var(--rejected)" strokeWidth="1.6" />
    <path d="M22.5,1.2l2.8,2.8l-2.8,2.8l-2.8,-2.8Z" fill="var(--residual)" />
  </svg>
);

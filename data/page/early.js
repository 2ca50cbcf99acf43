/* Sources: src/playground/page. Libraries: /playground/licences.txt */
"use strict";(()=>{function t(e,o){try{return e().getItem(o)??void 0}catch{return}}var n="tributary.theme";function r(){let e=t(()=>localStorage,n);(e==="light"||e==="dark")&&(document.documentElement.dataset.theme=e)}r();})();
